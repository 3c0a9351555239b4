package identity

import "strings"

// Device returns the browser and the system that a user agent names, in plain
// words; "" for what it does not. It is for people who look for a session that
// is not theirs, and proves nothing: anybody writes what they like.
func Device(userAgent string) (browser, system string) {
	return named(userAgent, browsers()), named(userAgent, systems())
}

// named returns the name of the first mark that is in a user agent.
func named(userAgent string, marks [][2]string) string {
	for _, m := range marks {
		if strings.Contains(userAgent, m[0]) {
			return m[1]
		}
	}
	return ""
}

// browsers are marks in the order in which they are looked for: most browsers
// name others too.
func browsers() [][2]string {
	return [][2]string{
		{"MicroMessenger/", "WeChat"},
		{"DingTalk/", "DingTalk"},
		{"Feishu/", "Feishu"},
		{"Lark/", "Lark"},
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"QQBrowser/", "QQ Browser"},
		{"UCBrowser/", "UC Browser"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"},
		{"CriOS/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
}

func systems() [][2]string {
	return [][2]string{
		{"HarmonyOS", "HarmonyOS"},
		{"OpenHarmony", "HarmonyOS"},
		{"Android", "Android"},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	}
}
