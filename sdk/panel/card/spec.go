package card

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of values, in characters unless said otherwise.
const (
	maxText    = 4000
	maxTitle   = 200
	maxAddress = 2000
	maxWidth   = 1024 // pixels
	maxLength  = 100_000
)

type rule = func(c *checker, at string, v any)

// specs returns the language of cards: every type with its keys.
func specs() map[string]spec {
	body, buttons := listOf(0, elementTypes()...), listOf(0, actionTypes()...)
	title := text(1, maxTitle)
	button := func(more map[string]rule) map[string]rule {
		more["title"], more["style"] = title, oneOf("default", "positive", "destructive")
		return more
	}
	return map[string]spec{
		"AdaptiveCard": {
			keys:     map[string]rule{"$schema": text(0, maxAddress), "version": oneOf("1.0", "1.1", "1.2", "1.3", "1.4", "1.5"), "body": body, "actions": buttons},
			required: []string{"version"},
		},
		"TextBlock": {keys: map[string]rule{
			"text": text(0, maxText), "size": oneOf("small", "default", "medium", "large", "extraLarge"),
			"weight": oneOf("lighter", "default", "bolder"), "color": oneOf("default", "accent", "good", "warning", "attention"),
			"isSubtle": boolean, "wrap": boolean,
		}, required: []string{"text"}},
		"FactSet": {keys: map[string]rule{"facts": pairs(0, maxText)}, required: []string{"facts"}},
		"Image": {keys: map[string]rule{
			"url": picture, "altText": text(0, maxTitle), "width": whole(1, maxWidth),
		}, required: []string{"url"}},
		"ColumnSet":  {keys: map[string]rule{"columns": listOf(1, "Column")}, required: []string{"columns"}},
		"Column":     {keys: map[string]rule{"width": width, "items": body}, required: []string{"items"}},
		"Container":  {keys: map[string]rule{"style": oneOf("default", "emphasis", "accent", "good", "warning", "attention"), "items": body}, required: []string{"items"}},
		"Table":      {keys: map[string]rule{"columns": tableColumns, "rows": listOf(0, "TableRow"), "firstRowAsHeader": boolean, "showGridLines": boolean}, required: []string{"columns", "rows"}},
		"TableRow":   {keys: map[string]rule{"cells": listOf(1, "TableCell")}, required: []string{"cells"}},
		"TableCell":  {keys: map[string]rule{"items": body}, required: []string{"items"}},
		"ActionSet":  {keys: map[string]rule{"actions": listOf(1, actionTypes()...)}, required: []string{"actions"}},
		"Input.Text": input(map[string]rule{"value": text(0, maxText), "placeholder": text(0, maxTitle), "isMultiline": boolean, "maxLength": whole(1, maxLength)}),
		"Input.Number": input(map[string]rule{
			"value": number, "min": number, "max": number, "placeholder": text(0, maxTitle),
		}),
		"Input.Date":   input(map[string]rule{"value": day, "min": day, "max": day}),
		"Input.Toggle": input(map[string]rule{"title": title, "value": oneOf("true", "false")}, "title"),
		"Input.ChoiceSet": input(map[string]rule{
			"choices": pairs(1, maxTitle), "value": text(0, maxText), "isMultiSelect": boolean,
			"style": oneOf("compact", "expanded"), "placeholder": text(0, maxTitle),
		}, "choices"),
		"Action.Submit":   {keys: button(map[string]rule{"data": data, "patchbay": extension}), required: []string{"title"}},
		"Action.OpenUrl":  {keys: button(map[string]rule{"url": address}), required: []string{"title", "url"}},
		"Action.ShowCard": {keys: button(map[string]rule{"card": func(c *checker, at string, v any) { c.object(at, v, "AdaptiveCard") }}), required: []string{"title", "card"}},
	}
}

func elementTypes() []string {
	return []string{
		"TextBlock", "FactSet", "Image", "ColumnSet", "Container", "Table", "ActionSet",
		"Input.Text", "Input.Number", "Input.Date", "Input.Toggle", "Input.ChoiceSet",
	}
}

func actionTypes() []string { return []string{"Action.Submit", "Action.OpenUrl", "Action.ShowCard"} }

func listOf(least int, types ...string) rule {
	return func(c *checker, at string, v any) {
		c.each(at, v, [2]int{least, MaxElements}, func(at string, v any) { c.object(at, v, types...) })
	}
}

func input(keys map[string]rule, required ...string) spec {
	keys["id"], keys["label"], keys["isRequired"], keys["errorMessage"] = id, text(0, maxTitle), boolean, text(0, maxTitle)
	return spec{keys: keys, required: append([]string{"id"}, required...)}
}

// id is the key of an input's value.
func id(c *checker, at string, v any) {
	s, ok := v.(string)
	switch {
	case !ok || !regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`).MatchString(s) || s == "action":
		c.fault(at, `must be 1 to 64 letters, digits, "_", "-" and ".", and not "action"`)
	case c.ids[s]:
		c.fault(at, "%q is another input's id", s)
	}
	c.ids[s] = true
}

func text(least, most int) rule {
	return func(c *checker, at string, v any) {
		s, ok := v.(string)
		if n := utf8.RuneCountInString(s); !ok || n < least || n > most || strings.ContainsRune(s, 0) {
			c.fault(at, "must be a text of %d to %d characters", least, most)
		}
	}
}

func oneOf(words ...string) rule {
	return func(c *checker, at string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(words, s) {
			c.fault(at, "must be one of %s", strings.Join(words, ", "))
		}
	}
}

func boolean(c *checker, at string, v any) {
	if _, ok := v.(bool); !ok {
		c.fault(at, "must be true or false")
	}
}

func number(c *checker, at string, v any) {
	n, ok := v.(json.Number)
	if _, err := n.Float64(); !ok || err != nil {
		c.fault(at, "must be a number")
	}
}

func whole(least, most int64) rule {
	return func(c *checker, at string, v any) {
		n, ok := v.(json.Number)
		if i, err := n.Int64(); !ok || err != nil || i < least || i > most {
			c.fault(at, "must be a whole number, %d to %d", least, most)
		}
	}
}

func day(c *checker, at string, v any) {
	s, ok := v.(string)
	if _, err := time.Parse(time.DateOnly, s); !ok || err != nil {
		c.fault(at, "must be a day, as 2006-01-02")
	}
}

// pairs is a list of titles with values.
func pairs(least, most int) rule {
	s := spec{keys: map[string]rule{"title": text(0, maxTitle), "value": text(0, most)}, required: []string{"title", "value"}}
	return func(c *checker, at string, v any) {
		c.each(at, v, [2]int{least, MaxElements}, func(at string, v any) { c.plain(at, v, s) })
	}
}

func (c *checker) plain(at string, v any, s spec) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(at, "must be an object")
		return
	}
	if kind, ok := o["type"]; ok {
		c.fault(at+"/type", "%s has no place here", quoted(kind))
	}
	c.keys(at, o, s)
}

func width(c *checker, at string, v any) {
	if s, ok := v.(string); ok && (s == "auto" || s == "stretch") {
		return
	}
	n, ok := v.(json.Number)
	if i, err := n.Int64(); !ok || err != nil || i < 1 || i > maxWeight {
		c.fault(at, `must be "auto", "stretch" or a whole number, 1 to %d`, maxWeight)
	}
}

// maxWeight bounds the part of the room that a column takes.
const maxWeight = 100

func tableColumns(c *checker, at string, v any) {
	s := spec{keys: map[string]rule{"width": whole(1, maxWeight)}}
	c.each(at, v, [2]int{1, 20}, func(at string, v any) { c.plain(at, v, s) })
}

// picture is the bytes of a picture, or a file of the core's.
func picture(c *checker, at string, v any) {
	s, _ := v.(string)
	if found := regexp.MustCompile(`^data:image/(?:png|jpeg|gif|webp);base64,`).FindString(s); found != "" {
		if _, err := base64.StdEncoding.DecodeString(s[len(found):]); err == nil && len(s) > len(found) {
			return
		}
	}
	if regexp.MustCompile(`^blob:[A-Za-z0-9_-]{1,100}$`).MatchString(s) {
		return
	}
	c.fault(at, "must be data:image/png, jpeg, gif or webp in base64, or blob: and the id of a file; other addresses would tell the far side who looks")
}

func address(c *checker, at string, v any) {
	s, _ := v.(string)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(s) > maxAddress {
		c.fault(at, "must be an https address of at most %d characters, without a password", maxAddress)
	}
}

// data is what a button gives the plugin.
func data(c *checker, at string, v any) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(at, "must be an object")
		return
	}
	text(1, maxTitle)(c, at+"/action", o["action"])
}

func extension(c *checker, at string, v any) {
	c.plain(at, v, spec{keys: map[string]rule{"insertText": text(1, maxText)}, required: []string{"insertText"}})
}
