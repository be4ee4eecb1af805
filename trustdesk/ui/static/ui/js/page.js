// What every page gets on top of plain HTML. Each part works on elements marked in the markup and on later ones too.
import "./menu.js";
import "./dialog.js";
import "./copy.js";
import "./time.js";
import "./toast.js";
