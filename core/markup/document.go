package markup

import "fmt"

// documentStyle is how a message looks that says nothing of it: as on paper,
// since nearly all are written for that. Nothing is wider than the frame.
const documentStyle = `:root{color-scheme:light}
body{margin:0;padding:.25rem;font:14px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;overflow-wrap:anywhere}
img{max-width:100%;height:auto}
table{max-width:100%}
pre{white-space:pre-wrap}
blockquote{margin:.5rem 0;padding-inline-start:.75rem;border-inline-start:3px solid #d0d0d0}`

// Document makes a page of HTML that Clean has returned. Its body says how many
// pictures are elsewhere (data-pictures), and how many of these are made not to be
// seen (data-pixels).
func Document(c Cleaned) string {
	return `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<meta name="referrer" content="no-referrer"><title></title><style>` + documentStyle + `</style></head>` +
		fmt.Sprintf(`<body dir="auto" data-pictures="%d" data-pixels="%d">`, c.Remote, c.Pixels) + c.HTML + `</body></html>`
}
