package scaffold

import "strings"

// Summary says in one sentence what the plugin does; of several abilities, what
// the first one does. The author replaces it.
func (p plugin) Summary(locale string) string {
	s := map[string][2]string{
		kindChannel:   {"Carries messages to a chat service and back.", "连接聊天服务，双向收发消息。"},
		kindBot:       {"Answers when we are open, and calls people for all else.", "自动回答营业时间，其他问题转人工。"},
		kindConnector: {"Shows customers of the far side beside the conversation.", "在会话旁显示对方系统里的客户资料。"},
		kindTool:      {"Says when an order arrives.", "计算订单预计送达日期。"},
		kindHook:      {"Masks the numbers of payment cards before a message is sent.", "发送前自动隐去消息中的银行卡号。"},
		kindAnalyzer:  {"Notices customers who may be about to leave.", "发现可能流失的客户并提醒客服。"},
		kindPanel:     {"Phrases at hand beside the conversation.", "会话旁的常用短句，一点即填。"},
		kindTemplate:  {"A team, labels, replies and a ticket type to begin with.", "开箱即用的团队、标签、常用语和工单类型。"},
	}[p.Kinds[0]]
	if locale == "en" {
		return s[0]
	}
	return s[1]
}

// KindList is how the manifest lists the abilities.
func (p plugin) KindList() string { return strings.Join(p.Kinds, ", ") }

// Permissions reports whether the plugin asks to be allowed something.
func (p plugin) Permissions() bool { return p.Has(kindChannel, kindHook) }
