package main

import "strings"

// words are what the plugin says to people by itself.
type words struct {
	tokenMissing, tokenForm, tokenRejected, serverForm, webhookForm, webhookPort, secretForm, strange, unreachable, stop string

	groups string // in a group whose messages nobody here reads; %s is the bot's address
}

// wordsIn returns them in a language: Chinese for "zh" and its kin, else English.
func wordsIn(locale string) words {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return words{ //nolint:gosec // G101: no secrets
			tokenMissing:  "请填写 BotFather 给出的令牌。",
			tokenForm:     "这不是令牌。令牌由数字、冒号和一串字母数字组成，例如 123456789:AAE…，请从 BotFather 的消息中完整复制。",
			tokenRejected: "Telegram 不认识这个令牌：可能已被撤销，或没有复制完整。请在 BotFather 中用 /token 重新查看。",
			serverForm:    "请填写以 http 或 https 开头的地址，不含用户名和密码。",
			webhookForm:   "请填写收件箱的 Webhook 地址，以 https 开头。",
			webhookPort:   "Telegram 只会向 443、80、88 和 8443 端口推送。",
			secretForm:    "请用 16 至 256 个字母、数字、下划线或连字符。",
			strange:       "这个地址上的服务器不是 Bot API。",
			unreachable:   "无法连接 Telegram：", stop: "。",
			groups: "我只在私聊中答复。请在这里给我发消息：%s",
		}
	}
	return words{
		tokenMissing:  "Give the token that BotFather shows.",
		tokenForm:     "This is no token. A token is a number, a colon and letters, for example 123456789:AAE…: copy all of it from BotFather's message.",
		tokenRejected: "Telegram does not know this token. It was revoked, or a part of it is missing; /token in BotFather shows it again.",
		serverForm:    "Give an address that begins with http or https, without a user name.",
		webhookForm:   "Give the webhook address of this inbox. It begins with https.",
		webhookPort:   "Telegram posts to the ports 443, 80, 88 and 8443 alone.",
		secretForm:    "16 to 256 letters, digits, underscores or hyphens.",
		strange:       "The server at this address does not speak the Bot API.",
		unreachable:   "Telegram cannot be reached: ", stop: ".",
		groups: "I answer in private chats alone. Write to me here: %s",
	}
}
