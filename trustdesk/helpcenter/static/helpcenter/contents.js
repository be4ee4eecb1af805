// The table of contents beside a long article shows where one is.

const links = new Map([...document.querySelectorAll(".article__side a[href^='#']")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));

if (links.size) {
  const watched = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "location");
      }
    },
    { rootMargin: "0px 0px -75% 0px" },
  );
  for (const anchor of links.keys()) {
    const heading = document.getElementById(anchor);
    if (heading) watched.observe(heading);
  }
}
