// The contact page: what all customer's pages have, and the help center's search.
import "./cases.js";
import "../ui/js/live_search.js";
