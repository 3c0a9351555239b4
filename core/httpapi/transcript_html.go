package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
)

// transcriptStyle is the only thing that a transcript may use beside its text.
const transcriptStyle = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:46rem;margin:2rem auto;padding:0 1rem}
article{margin:1rem 0}
header{font-weight:600}
time{font-weight:400;opacity:.7}
p{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
blockquote{margin:.2rem 0;padding-inline-start:.6rem;border-inline-start:3px solid;opacity:.8;overflow-wrap:anywhere}
.note{padding:.5rem;border:1px dashed}`

// transcriptPage is the page. html/template escapes every value for its place.
const transcriptPage = `<!doctype html>
<html lang="{{.Words.Lang}}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{policy}}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Words.Title}} #{{.Number}}</title>
<style>` + transcriptStyle + `</style>
</head>
<body>
<h1>{{.Words.Title}} #{{.Number}} · <bdi>{{.Contact}}</bdi></h1>
{{- if .Cut}}
<p>{{.Words.Cut}}</p>
{{- end}}
{{- $words := .Words}}
{{- range .Lines}}
<article{{if .Note}} class="note"{{end}}>
<header><bdi>{{.Name}}</bdi>{{if .Note}} ({{$words.Note}}){{end}}{{if .Event}} ({{$words.Event}}){{end}}{{if .Edited}} ({{$words.Edited}}){{end}} <time datetime="{{.At.Format "2006-01-02T15:04:05Z"}}">{{.At.Format "2006-01-02 15:04:05 UTC"}}</time></header>
{{- with .Quote}}
<blockquote dir="auto">{{$words.Answers}} <bdi>{{.Name}}</bdi>: {{.Text}}</blockquote>
{{- end}}
{{- if .Recalled}}
<p><em>{{$words.Recalled}}</em></p>
{{- end}}
{{- if .Text}}
<p dir="auto">{{.Text}}</p>
{{- end}}
{{- range .Files}}
<p>[{{$words.File}}: <bdi>{{.Name}}</bdi>, {{.Size}} B]</p>
{{- end}}
</article>
{{- end}}
</body>
</html>
`

// transcriptPolicy lets the page have its style and nothing else.
func transcriptPolicy() string {
	sum := sha256.Sum256([]byte(transcriptStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

func (t transcriptView) html() ([]byte, error) {
	page, err := template.New("transcript").Funcs(template.FuncMap{"policy": transcriptPolicy}).Parse(transcriptPage)
	if err != nil {
		return nil, fmt.Errorf("read the page of a transcript: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, t); err != nil {
		return nil, fmt.Errorf("write a transcript: %w", err)
	}
	return b.Bytes(), nil
}
