// The page after sending: what was sent is no draft any more.

import { forgetSent } from "./ticket_draft.js";

forgetSent();
