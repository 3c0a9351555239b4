/** A customer's page for the browser checks: strict CSP, content that must not move, one widget. */
import { createServer } from "node:http";

const CSS = `body{margin:0;font:16px/1.6 Georgia,serif;background:#fbf7f0;color:#222}
main{max-width:680px;margin:0 auto;padding:48px 24px}h1{font-size:32px}p{margin:16px 0}
div,button,iframe{box-shadow:none!important;position:static;margin:7px;font-size:40px;color:red}
@media (prefers-color-scheme:dark){body{background:#191a1f;color:#ddd}}`;

const TEXT = {
  en: ["Willow & Birch", "Furniture made to be repaired. Every table comes with the drawings, the names of the people who made it and a promise: we take it back when you no longer want it."],
  "zh-CN": ["柳木家具", "为修复而造的家具。每张桌子都附有图纸和制作者的姓名，以及一个承诺：您不再需要它时，我们收回。"],
};

/** Serves /<lang> with the widget of `loader`; `attributes` go on the script tag. */
export async function startPage(loader, { attributes = "", allow = new URL(loader).origin } = {}) {
  const csp = `default-src 'none'; script-src ${allow}; frame-src ${allow}; style-src 'self'; require-trusted-types-for 'script'`;
  const server = createServer((request, response) => {
    if (request.url === "/page.css") return response.writeHead(200, { "Content-Type": "text/css" }).end(CSS);
    const lang = request.url.slice(1).replace(/\?.*/, "") || "en";
    const [title, text] = TEXT[lang] ?? TEXT.en;
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": csp });
    response.end(`<!doctype html><html lang="${lang}"><head><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/page.css"><script async src="${loader}" ${attributes}></script></head>
<body><main><h1>${title}</h1><p>${text}</p><p>${text}</p><p>${text}</p></main></body></html>`);
  });
  await new Promise((resolve) => server.listen(0, resolve));
  return {
    url: (lang = "en") => `http://localhost:${server.address().port}/${lang}`,
    origin: `http://localhost:${server.address().port}`,
    stop: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  };
}
