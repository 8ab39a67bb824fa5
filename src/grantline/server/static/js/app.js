// What every page can do. Each module listens on the document, so parts that htmx brings just work.
import "./switch.js";
import "./copy.js";
import "./menu.js";
import "./dialog.js";
import "./forms.js";
import "./keyvalue.js";
import "./chips.js";
import "./shortcuts.js";
import "./times.js";
import "./notices.js";
