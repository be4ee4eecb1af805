// Writing to a case, made more comfortable. It works without this.

import { Writing } from "./ticket_writing.js";

new Writing(document.getElementById("reply"));
