package help

// Where the pages are.
const (
	Path       = "/docs"
	APIPath    = Path + "/api"
	ErrorsPath = Path + "/errors"
)

// words are the texts around what is described.
type words struct {
	Product, API, Errors, Search, None, OtherLanguage                      string
	Means, Do, Status, NeverAnswered, Related, AllErrors, ErrorsIntro      string
	Reference, Intro, Permission, Parameters, Body, Answers, Objects       string
	Name, Type, Description, Required, In, Download, Basics, Access, Place string
	Keys, KeysText, Failures, FailuresText, Once, OnceText                 string
	Guides, NotInYours                                                     string
	Paging, PagingText, Limits, LimitsText, Hooks, HooksText, Skip         string
}

func wordsIn(l Language) words {
	if l == Chinese {
		return chinese()
	}
	return english()
}

func english() words {
	return words{
		Product: "Patchbay", API: "API reference", Errors: "Error codes", Search: "Search", None: "Nothing matches.", OtherLanguage: "中文", Skip: "Skip to the content",
		Means: "What it means", Do: "What to do", Status: "HTTP status", NeverAnswered: "Never an answer of the API: it is seen on the command line, in the log, or on a live connection.",
		Related: "In the same group", AllErrors: "All error codes",
		ErrorsIntro: "Every answer that is not a success is a problem (RFC 9457) with a stable code. Its type leads to the page of the code.",
		Reference:   "API reference", Intro: "Everything that the console does, a program can do. All paths begin at this server.",
		Permission: "Needs the permission", Parameters: "Parameters", Body: "Body", Answers: "Answers", Objects: "Objects", Name: "Name", Type: "Type",
		Description: "Description", Required: "required", In: "in", Download: "OpenAPI 3.1 document", Basics: "Before you begin", Access: "Access", Place: "Place",
		Keys: "Signing in", KeysText: "Make an API key in the settings, under API keys, and send it with each request: Authorization: Bearer pbk_… . It acts as you, with those of your permissions that it names.",
		Failures: "Errors", FailuresText: "Decide by code, show detail to people, and look into fields for what is wrong where. 503 and 429 pass by themselves: wait as Retry-After says.",
		Once: "Repeating safely", OnceText: "Send an Idempotency-Key with each POST. The same key and request within 24 hours is done once; you get the first answer, with Idempotency-Replayed: true.",
		Paging: "Lists", PagingText: "A list answers items and, when there is more, next_cursor. Pass it on as cursor, unchanged, until it is absent. limit is 1 to 200.",
		Guides: "Guides", NotInYours: "",
		Limits: "Limits", LimitsText: "RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset stand in each answer. When nothing remains, the answer is 429 with Retry-After.",
		Hooks: "Being told", HooksText: "Instead of asking again and again, let a webhook tell you: signed, in order for each conversation, repeated until you answer 2xx.",
	}
}

func chinese() words {
	return words{
		Product: "接线台", API: "API 参考", Errors: "错误代码", Search: "搜索", None: "没有匹配的内容。", OtherLanguage: "English", Skip: "跳到正文",
		Means: "含义", Do: "怎么办", Status: "HTTP 状态", NeverAnswered: "不会作为 API 的响应出现：只见于命令行、日志或实时连接。",
		Related: "同组错误", AllErrors: "全部错误代码",
		ErrorsIntro: "所有非成功的响应都是带有稳定代码的 problem（RFC 9457），其 type 指向该代码的页面。",
		Reference:   "API 参考", Intro: "控制台能做的，程序都能做。所有路径都从本服务器开始。",
		Permission: "所需权限", Parameters: "参数", Body: "请求体", Answers: "响应", Objects: "对象", Name: "名称", Type: "类型",
		Description: "说明", Required: "必填", In: "位置", Download: "OpenAPI 3.1 文档", Basics: "开始之前", Access: "访问权限", Place: "位置",
		Keys: "身份验证", KeysText: "在设置的“API 密钥”中创建密钥，并随每个请求发送：Authorization: Bearer pbk_… 。它以您的身份行事，权限为密钥所列且您当前拥有的部分。",
		Failures: "错误", FailuresText: "程序按 code 判断，向人展示 detail，并在 fields 中查看哪里有误。503 与 429 会自行恢复：请按 Retry-After 等待。",
		Once: "安全重试", OnceText: "为每个 POST 发送 Idempotency-Key。24 小时内相同的键与请求只执行一次；重发会得到第一次的回答，并带有 Idempotency-Replayed: true。",
		Paging: "列表", PagingText: "列表返回 items；还有更多时返回 next_cursor。请原样作为 cursor 传入，直到不再返回。limit 为 1 到 200。",
		Guides: "指南", NotInYours: "本文只有英文版。",
		Limits: "限额", LimitsText: "每个响应都带有 RateLimit-Limit、RateLimit-Remaining 与 RateLimit-Reset。用尽后返回 429 与 Retry-After。",
		Hooks: "接收通知", HooksText: "不必反复查询，可让 Webhook 通知您：带签名、每个会话内有序，并会重发直到您返回 2xx。",
	}
}
