package main

import "strings"

// words are what the plugin says to administrators.
type words struct {
	secretMissing, headerName, headerValue, overBody, overTimestamp         string
	pathMissing, pathWrong, templateJSON, templateName, templateNames, stop string
	noMethod, notAllowed, noParams, notFetched, cursorAbsent, itemUnread    string
	noTemplates                                                             string
}

// wordsIn returns them in a language: Chinese for "zh" and its kin, else English.
func wordsIn(locale string) words {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return words{ //nolint:gosec // G101: no secrets
			secretMissing: "请填写密钥：没有密钥，任何人都能冒充您的系统。",
			headerName:    "请填写请求头名称，例如 X-Signature。",
			headerValue:   "请求头中不能有换行。",
			overBody:      "签名内容必须包含 {body}。",
			overTimestamp: "填写时间戳请求头时，签名内容须包含 {timestamp}；不填则不能包含。",
			pathMissing:   "请填写取值路径，例如 customer.id。",
			pathWrong:     "无法使用：", stop: "。",
			templateJSON: "模板不是有效的 JSON。",
			noTemplates:  "没有取到模板：",
			notFetched:   "没有取到：", cursorAbsent: "取到的数据中没有这一项。", itemUnread: "取到了列表，但有一条无法读取：",
			noMethod: "没有这个操作。", notAllowed: "只有管理员可以使用。", noParams: "请求无法读取。",
			templateName: "没有这个名称：", templateNames: "。可用的有：",
		}
	}
	return words{ //nolint:gosec // G101: no secrets
		secretMissing: "Give a secret: without one anybody could pass for your system.",
		headerName:    "Give the name of a header, for example X-Signature.",
		headerValue:   "A header has no line breaks.",
		overBody:      "What is signed must contain {body}.",
		overTimestamp: "With a header for the time, what is signed must contain {timestamp}; without one, it must not.",
		pathMissing:   "Say where it stands, for example customer.id.",
		pathWrong:     "This cannot be used: it ", stop: ".",
		templateJSON: "The template is no valid JSON.",
		noTemplates:  "There are no templates: ",
		notFetched:   "Nothing was fetched: ", cursorAbsent: "It is not there in what was fetched.", itemUnread: "The list is there, and one of it cannot be read: ",
		noMethod: "There is no such thing to do.", notAllowed: "This is for administrators.", noParams: "The request cannot be read.",
		templateName: "There is no name ", templateNames: ". There are: ",
	}
}

// unusable tells of a field that says where something stands: "" = it is missing.
func (w words) unusable(fault func(pointer, message string), pointer, message string) {
	if message == "" {
		fault(pointer, w.pathMissing)
		return
	}
	fault(pointer, w.pathWrong+message+w.stop)
}
