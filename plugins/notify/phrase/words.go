package phrase

import "github.com/patchbay-im/patchbay/plugins/notify/target"

// words are the texts of one language.
type words struct {
	one, many, more      string
	and, colon           string
	inbox, team          string
	other                string
	imported             string
	importFailed         string
	testTitle, testLine  string
	testUnnamed          string
	kinds                map[string]string
	plugin               map[string]string // by state: name, version
	problems             map[string]string
	Waiting, Last, Never string
	Fault, Fine          string
	Send, Sent           string
	NotManager, NoAction string
	Many                 string
	Quiet                string
	Faults               Faults
}

// Faults are what is wrong with settings.
type Faults struct {
	Address, OtherHost, NoAddress, Plain string
	Server, Zone, Clock, Hours           string
	Host, From, To, NoTo, NoTLS, Scope   string
	Mention                              string
}

func english() words {
	return words{
		one: "Patchbay: %s", many: "Patchbay: %d notifications", more: "… and %d more", and: ", ", colon: ": ",
		inbox: "inbox %s", team: "team %s", other: "there is news",
		imported: "your import is over: %d made, %d updated, %d left out", importFailed: "your import could not go on",
		testTitle: "Patchbay: a test", testLine: "This is a test of the connection “%s”. Nothing happened.", testUnnamed: "This is a test. Nothing happened.",
		kinds: map[string]string{
			"mention": "a colleague mentions you in a note", "assigned": "a conversation is given to you", "taken_over": "a supervisor took over a conversation of yours", "reply": "a customer answers you",
			"participant_reply": "there is news in a conversation you follow", "unattended": "a customer waits, and nobody is there",
			"scheduled_failed": "your scheduled message was not sent", "rating": "a customer rated your work", "webhook_disabled": "a webhook was turned off",
			"risk_found": "an analyzer noticed something in a message", "approval_asked": "a tool waits for somebody's agreement",
			"ticket_assigned": "a ticket is given to you", "ticket_mention": "a colleague mentions you on a ticket",
			"ticket_comment": "somebody wrote on a ticket of yours", "ticket_overdue": "a ticket's due date has passed",
			"alert_raised":   "a queue or a colleague needs a supervisor",
			"account_health": "an inbox or a connection does not work, or works again",
		},
		plugin: map[string]string{
			"quarantined": "the plugin %s %s died too often and rests", "recovered": "the plugin %s %s works again",
			"rolled_back": "the plugin %s left its version %s for the one before", "": "there is news of the plugin %s %s",
		},
		problems: map[string]string{
			target.CodeBusy:       "The far side asks for fewer messages. What waits is sent together, later.",
			target.CodeTrouble:    "The far side does not answer. What waits is sent as soon as it does.",
			target.CodeKey:        "The far side does not know the address. Copy the robot's or webhook's address again.",
			target.CodeSignature:  "The far side refuses the signature. Copy the secret again, and check the clock of this server.",
			target.CodeKeyword:    "The robot takes only messages with its keyword. Use the keyword Patchbay, or another way to secure it.",
			target.CodeAddress:    "The robot does not allow this server's address. Add it to the robot's list of addresses.",
			target.CodeGone:       "The group or channel is gone, is archived, or the robot is not in it any more.",
			target.CodeDisabled:   "The robot was turned off at the far side. Turn it on there.",
			target.CodeContent:    "The far side refused what a message says. That message was dropped.",
			target.CodeTooLarge:   "The far side found a message too long. That message was dropped.",
			target.CodeBadRequest: "The far side did not understand a message. That message was dropped.",
			target.CodeUnknown:    "The far side refused a message. That message was dropped.",
			target.CodeTLS:        "The connection could not be encrypted: the mail server's certificate is not trusted, or it offers no such encryption.",
			target.CodeSignIn:     "The mail server does not accept user name and password. Some providers want a password made for programs.",
			target.CodeSender:     "The mail server does not let this user send from this address.",
			target.CodeRecipient:  "The mail server refuses an address to which mail should go.",
			target.CodeNotAllowed: "The address leads to a host that this target does not have. Private servers stand under “Own server”.",
		},
		Waiting: "Waiting", Last: "Last sent", Never: "never", Fault: "Problem", Fine: "none", Send: "Send a test message", Sent: "The test message was sent.",
		NotManager: "Only who manages plugins may send a test message.", NoAction: "There is no such button.",
		Many: "Enough test messages for now. Try again in a minute.", Quiet: "Quiet hours until",
		Faults: Faults{
			Address: "This is not the address of such a robot or webhook. Copy it whole.", OtherHost: "This address belongs to another service. Private servers stand under “Own server”.",
			NoAddress: "Paste the address that the far side shows.", Plain: "The address must begin with https://.",
			Server: "Write the server like https://wecom.example.com.", Zone: "There is no such time zone. Write it like Asia/Shanghai.",
			Clock: "Write a time of day, as 22:00.", Hours: "The end must differ from the beginning.",
			Host: "Write the mail server with its port, as smtp.example.com:587.", From: "Write the sender's address.", To: "This is no mail address.", NoTo: "Name an address, or send to members' own.",
			NoTLS: "Without TLS everybody on the way reads the password. It is only possible on this machine.", Scope: "The plugin is not allowed to know members' e-mail addresses.",
			Mention: "Name a member and their name at the far side.",
		},
	}
}

func chinese() words {
	return words{
		one: "Patchbay：%s", many: "Patchbay：%d 条通知", more: "……另有 %d 条", and: "、", colon: "：",
		inbox: "收件箱 %s", team: "团队 %s", other: "有新动态",
		imported: "你的导入已结束：新建 %d，更新 %d，未导入 %d", importFailed: "你的导入未能继续",
		testTitle: "Patchbay：测试消息", testLine: "这是连接“%s”的测试消息，没有发生任何事情。", testUnnamed: "这是测试消息，没有发生任何事情。",
		kinds: map[string]string{
			"mention": "同事在备注中提及你", "assigned": "会话分配给你", "taken_over": "主管接管了你的会话", "reply": "客户回复你", "participant_reply": "你关注的会话有新消息",
			"unattended": "客户在等待而无人在线", "scheduled_failed": "你的定时消息未能发送", "rating": "客户评价了你的服务", "webhook_disabled": "Webhook 已停用",
			"risk_found": "分析器对消息发出提示", "approval_asked": "工具等待批准", "ticket_assigned": "工单分配给你", "ticket_mention": "同事在工单中提及你",
			"ticket_comment": "你的工单有新评论", "ticket_overdue": "工单已逾期", "account_health": "收件箱或连接出现故障或已恢复", "alert_raised": "队列或同事需要主管关注",
		},
		plugin: map[string]string{
			"quarantined": "插件 %s %s 多次异常退出，已暂停运行", "recovered": "插件 %s %s 已恢复运行",
			"rolled_back": "插件 %s 的版本 %s 无法运行，已退回上一版本", "": "插件 %s %s 有新动态",
		},
		problems: map[string]string{
			target.CodeBusy:       "对方要求降低发送频率。等待中的通知稍后会合并发送。",
			target.CodeTrouble:    "对方没有响应。恢复后会立即发送等待中的通知。",
			target.CodeKey:        "对方不认识这个地址。请重新复制机器人或 Webhook 的地址。",
			target.CodeSignature:  "对方拒绝签名。请重新复制密钥，并检查本服务器的时间。",
			target.CodeKeyword:    "机器人只接收含关键词的消息。请把关键词设为 Patchbay，或改用其他安全设置。",
			target.CodeAddress:    "机器人不允许本服务器的 IP 地址。请把它加入机器人的 IP 白名单。",
			target.CodeGone:       "群或频道已解散、已归档，或机器人已不在其中。",
			target.CodeDisabled:   "机器人已在对方平台停用。请在对方平台启用。",
			target.CodeContent:    "对方拒绝了一条消息的内容，该消息已丢弃。",
			target.CodeTooLarge:   "对方认为一条消息过长，该消息已丢弃。",
			target.CodeBadRequest: "对方无法理解一条消息，该消息已丢弃。",
			target.CodeUnknown:    "对方拒绝了一条消息，该消息已丢弃。",
			target.CodeTLS:        "无法建立加密连接：邮件服务器的证书不受信任，或不支持所选的加密方式。",
			target.CodeSignIn:     "邮件服务器不接受用户名和密码。部分邮箱需要使用授权码。",
			target.CodeSender:     "邮件服务器不允许该用户以此地址发信。",
			target.CodeRecipient:  "邮件服务器拒绝了一个收件地址。",
			target.CodeNotAllowed: "地址指向的主机不属于该目标。私有部署请填写“自有服务器”。",
		},
		Waiting: "等待发送", Last: "最近一次发送", Never: "从未", Fault: "问题", Fine: "无", Send: "发送测试消息", Sent: "测试消息已发送。",
		NotManager: "只有插件管理者可以发送测试消息。", NoAction: "没有这个按钮。",
		Many: "测试消息发送过于频繁，请一分钟后再试。", Quiet: "免打扰至",
		Faults: Faults{
			Address: "这不是该类机器人或 Webhook 的地址，请完整复制。", OtherHost: "该地址属于其他服务。私有部署请填写“自有服务器”。",
			NoAddress: "请粘贴对方平台显示的地址。", Plain: "地址必须以 https:// 开头。",
			Server: "服务器应写成 https://wecom.example.com 的形式。", Zone: "没有这个时区，应写成 Asia/Shanghai 的形式。",
			Clock: "应为时刻，例如 22:00。", Hours: "结束时刻不能与开始时刻相同。",
			Host: "请填写邮件服务器及端口，例如 smtp.example.com:587。", From: "请填写发件地址。", To: "这不是邮箱地址。", NoTo: "请填写收件地址，或发送到成员自己的邮箱。",
			NoTLS: "不加密时途经的任何人都能读到密码，仅允许在本机使用。", Scope: "插件未获准读取成员的邮箱地址。",
			Mention: "请填写成员及其在对方平台的名称。",
		},
	}
}
