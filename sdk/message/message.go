// Package message is the vocabulary of what people say to each other, whatever
// the channel. A plugin receives only what its manifest lists under
// channel.content.
package message

// Content is what one message says.
//
// Fields are added as the vocabulary grows, each with a word in the manifest's
// channel.content that asks for it. A plugin that asks only for "text" gets
// nothing but Text.
type Content struct {
	Text string // UTF-8, without markup
}

// Text returns a Content of plain text.
func Text(s string) Content { return Content{Text: s} }
