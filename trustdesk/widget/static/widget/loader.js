/*
 * The chat on any page: <script src="https://DESK/widget.js" async></script>
 *
 *   Trustdesk.identify(token)     the exchange's signed session, or a function that returns (a promise of) a fresh one
 *   Trustdesk.open(topic?)        Trustdesk.close()        Trustdesk.logout()
 *   Trustdesk.on("unread", (count) => …)        also "open" and "close"
 *
 * Before the script has loaded: (window.Trustdesk ||= { q: [] }).q.push(["identify", token]).
 * data-lang="en" or "zh-hans" on the script sets the language, otherwise the page's. --trustdesk-accent and
 * --trustdesk-on-accent colour the button. The page's policy must allow script-src and frame-src of the desk, nothing else.
 */
(() => {
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
  const desk = new URL(script.src).origin;
  const queued = window.Trustdesk?.q ?? [];
  if (window.Trustdesk?.open) return; // included twice

  const lang = /^zh/i.test(script.dataset.lang || document.documentElement.lang || navigator.language) ? "zh-hans" : "en";
  // The one file without a template, and it must be small: its four texts stand here.
  const words = {
    en: ["Open support chat", "Close support chat", "Support chat", (n) => `Open support chat, ${n} unread`],
    "zh-hans": ["打开客服聊天", "关闭客服聊天", "客服聊天", (n) => `打开客服聊天，${n} 条未读`],
  }[lang];
  const FLAG = "trustdesk.case"; // this site's own note that a case is open: worth loading the frame for
  const css = `
:host{all:initial}
button,.panel{position:fixed;z-index:2147483000;box-sizing:border-box}
button{inset:auto max(1.25rem,env(safe-area-inset-right)) max(1.25rem,env(safe-area-inset-bottom)) auto;width:3.5rem;height:3.5rem;padding:0;border:0;border-radius:50%;background:var(--trustdesk-accent,#0e5f73);color:var(--trustdesk-on-accent,#fff);box-shadow:0 2px 6px #0003,0 10px 28px #0004;cursor:pointer;touch-action:manipulation;transition:transform .15s}
:host([dir=rtl]) button,:host([dir=rtl]) .panel{right:auto;left:max(1.25rem,env(safe-area-inset-left))}
button:hover{transform:translateY(-2px)}
button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #0e5f73}
svg{width:1.75rem;height:1.75rem;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round;vertical-align:middle}
b{position:absolute;top:-.25rem;right:-.25rem;min-width:1.375rem;box-sizing:border-box;padding:0 .375rem;border-radius:1rem;background:#c22f2b;color:#fff;font:600 .8125rem/1.375rem system-ui,sans-serif;text-align:center}
.panel{inset:auto max(1.25rem,env(safe-area-inset-right)) calc(max(1.25rem,env(safe-area-inset-bottom)) + 4.25rem) auto;width:25rem;height:min(44rem,calc(100dvh - 7rem));overflow:hidden;border-radius:1.125rem;background:Canvas;box-shadow:0 0 0 1px #0001,0 4px 12px #0002,0 18px 60px #0004;transform-origin:100% 100%}
.panel:not([inert]){animation:a .2s cubic-bezier(.2,.7,.2,1)}
b[hidden]{display:none}
.panel[inert]{opacity:0;pointer-events:none}
iframe{width:100%;height:100%;border:0;display:block;color-scheme:light dark}
@keyframes a{from{opacity:0;transform:translateY(.75rem) scale(.98)}}
@media(max-width:30rem),(max-height:30rem){.panel,:host([dir=rtl]) .panel{inset:0;width:auto;height:auto;border-radius:0}.panel:not([inert])+button{display:none}}
@media(prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media print{:host{display:none}}`;

  const listeners = {};
  let provider = null;
  let frame, greeted, ready, shown, before, leaving;
  let root, panel, button, badge, path;

  const emit = (name, value) => (listeners[name] ?? []).forEach((listener) => listener(value));
  const note = (open) => {
    try {
      open ? localStorage.setItem(FLAG, "1") : localStorage.removeItem(FLAG);
    } catch {} // a page without storage loads the frame on the first click: nothing is lost
  };
  const noted = () => {
    try {
      return localStorage.getItem(FLAG);
    } catch {
      return null;
    }
  };
  const session = async () => {
    try {
      return typeof provider === "function" ? await provider() : provider;
    } catch {
      return null; // the exchange could not sign: the customer chats as a guest
    }
  };
  const tell = (trustdesk, values) => ready && frame.contentWindow.postMessage({ trustdesk, ...values }, desk);

  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.title = words[2];
    frame.allow = "clipboard-write";
    frame.referrerPolicy = "origin"; // how the frame knows whom to tell that it is ready
    frame.addEventListener("load", () => greeted || greet());
    frame.src = `${desk}/chat/?frame=1&lang=${lang}`;
    panel.append(frame);
  }

  async function greet() {
    greeted = true;
    const token = await session();
    ready = true;
    if (leaving) return tell("logout"); // it came only to clear what it kept
    tell("hello", { session: token, open: Boolean(shown) });
    if (shown) tell("open", { topic: shown.topic });
  }

  function unload() {
    frame?.remove();
    frame = greeted = ready = leaving = null;
  }

  function draw(count) {
    panel.inert = !shown; // see-through, not hidden: a frame that is never drawn never finishes loading
    button.setAttribute("aria-expanded", String(Boolean(shown)));
    button.setAttribute("aria-label", shown ? words[1] : count ? words[3](count) : words[0]);
    badge.hidden = !count || Boolean(shown);
    badge.textContent = count > 99 ? "99+" : count;
    path.setAttribute("d", shown ? "m7 10 5 5 5-5" : "M20 11.5c0 4-3.6 7-8 7-.9 0-1.8-.1-2.6-.4L4.5 20l1.2-3.7A6.6 6.6 0 0 1 4 11.5c0-4 3.6-7 8-7s8 3 8 7Z");
  }

  const api = {
    identify(token) {
      provider = token;
      if (ready) session().then((fresh) => fresh && tell("identify", { session: fresh }));
    },
    open(topic) {
      if (!shown) before = document.activeElement;
      shown = { topic };
      draw(0);
      load();
      frame.focus();
      tell("open", { topic });
      if (ready && typeof provider === "function") api.identify(provider);
      emit("open");
    },
    close() {
      if (!shown) return;
      shown = null;
      draw(0);
      tell("shut");
      (before?.isConnected && before !== document.body && before !== root.host ? before : button).focus();
      emit("close");
    },
    logout() {
      provider = null;
      api.close();
      note(false);
      draw(0);
      emit("unread", 0);
      load(); // only our own frame can clear what it keeps
      leaving = true;
      tell("logout");
    },
    on(name, listener) {
      (listeners[name] ??= []).push(listener);
    },
    q: { push: (...calls) => calls.forEach(([name, ...values]) => api[name](...values)) },
  };

  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== desk) return;
    if (data?.trustdesk === "ready") greet();
    if (data?.trustdesk === "close") api.close();
    if (data?.trustdesk === "case") note(data.open);
    if (data?.trustdesk === "gone") unload();
    if (data?.trustdesk === "unread") {
      draw(data.count);
      emit("unread", data.count);
    }
  });

  function mount() {
    const host = document.createElement("div");
    host.dir = getComputedStyle(document.documentElement).direction;
    root = host.attachShadow({ mode: "open" });
    try {
      const sheet = new CSSStyleSheet(); // no style element: the page's policy may forbid it
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(Object.assign(document.createElement("style"), { textContent: css }));
    }
    panel = document.createElement("div");
    panel.className = "panel";
    button = document.createElement("button");
    button.type = "button";
    badge = document.createElement("b");
    badge.setAttribute("aria-hidden", "true");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.append(path);
    button.append(svg, badge);
    button.addEventListener("click", () => (shown ? api.close() : api.open()));
    root.append(panel, button);
    document.body.append(host);
    addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && api.close());
    draw(0);
    window.Trustdesk = api;
    api.q.push(...queued);
    // Only after the page: it must never wait for us.
    if (noted()) document.readyState === "complete" ? load() : addEventListener("load", load);
  }

  if (document.body) mount();
  else addEventListener("DOMContentLoaded", mount);
})();
