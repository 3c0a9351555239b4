package update

import "strings"

// Words are what agents read beside what customers wrote; %s is filled in.
type Words struct {
	Forwarded, Contact, Started, StartedWith, Pressed, Blocked, Unblocked, Joined, Removed string
}

// WordsIn returns them in a language: Chinese for "zh" and its kin, else English.
func WordsIn(locale string) Words {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return Words{
			Forwarded: "[转发自 %s]", Contact: "[名片] %s，%s", Started: "打开了机器人", StartedWith: "通过链接打开了机器人：%s",
			Pressed: "点击了按钮：%s", Blocked: "停用了机器人，无法再向其发送消息", Unblocked: "重新启用了机器人",
			Joined: "机器人已被加入群组", Removed: "机器人已被移出群组",
		}
	}
	return Words{
		Forwarded: "[Forwarded from %s]", Contact: "[Contact] %s, %s", Started: "Opened the bot", StartedWith: "Opened the bot by a link: %s",
		Pressed: "Pressed a button: %s", Blocked: "Blocked the bot: nothing can be sent any more", Unblocked: "Unblocked the bot",
		Joined: "The bot was added to the group", Removed: "The bot was removed from the group",
	}
}
