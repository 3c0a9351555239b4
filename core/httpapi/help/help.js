// Filters the list of a page by words, opens what a link points at. Without it
// everything is there, and the browser's own search finds it.
(() => {
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();
  const box = document.querySelector(".search");
  const field = document.getElementById("q");
  if (!box || !field) return;
  box.hidden = false;
  const items = [...document.querySelectorAll(".item")].map((item) => ({ item, text: item.textContent.toLowerCase() }));
  const sections = [...document.querySelectorAll(".group")];
  const none = document.getElementById("none");
  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { item, text } of items) {
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) shown++;
    }
    for (const section of sections) section.hidden = !section.querySelector(".item:not([hidden])");
    none.hidden = shown > 0;
  };
  field.addEventListener("input", filter);
  addEventListener("keydown", (e) => {
    if (e.key === "/" && !e.ctrlKey && !e.metaKey && document.activeElement !== field) {
      e.preventDefault();
      field.focus();
    }
  });
  filter();
})();
