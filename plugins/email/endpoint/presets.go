package endpoint

// Provider is what is known of a well-known provider. Of its OAuth, the core
// runs all (x-oauth in plugin.yaml); scopes and addresses stand here so that
// plugin.yaml and the tests agree.
type Provider struct {
	Name             string // stable: stands in configurations
	IMAP, POP3, SMTP Server
	// Passwords: true where a password of any kind opens IMAP and SMTP. It may be
	// one made for the purpose (授权码, app password).
	Passwords bool
	// KeepsSent: what goes out by SMTP lands in the Sent folder by itself; APPEND
	// would double it.
	KeepsSent bool

	// OAuth; empty where there is none. AuthorizeURL has a query where the
	// provider gives refresh tokens on request alone.
	AuthorizeURL, TokenURL string
	Scopes                 []string
}

// Providers returns those with settings of their own. Sources:
// https://developers.google.com/workspace/gmail/imap/imap-smtp and
// https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth;
// https://help.mail.163.com and https://service.mail.qq.com for the others.
func Providers() []Provider {
	return []Provider{
		{ //nolint:gosec // G101: no secrets
			Name: "google",
			IMAP: Server{Host: "imap.gmail.com", Port: 993, Security: TLS}, POP3: Server{Host: "pop.gmail.com", Port: 995, Security: TLS},
			SMTP:      Server{Host: "smtp.gmail.com", Port: 465, Security: TLS},
			Passwords: true, KeepsSent: true,
			// access_type and prompt: without them there is a refresh token at the first
			// sign-in alone, or none.
			AuthorizeURL: "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent",
			TokenURL:     "https://oauth2.googleapis.com/token",
			Scopes:       []string{"https://mail.google.com/"},
		},
		{ //nolint:gosec // as above
			Name: "microsoft",
			IMAP: Server{Host: "outlook.office365.com", Port: 993, Security: TLS}, POP3: Server{Host: "outlook.office365.com", Port: 995, Security: TLS},
			SMTP:      Server{Host: "smtp.office365.com", Port: 587, Security: StartTLS},
			KeepsSent: true,
			// The tenant: "common", "organizations", or a directory's id.
			AuthorizeURL: "https://login.microsoftonline.com/{/tenant}/oauth2/v2.0/authorize?prompt=select_account",
			TokenURL:     "https://login.microsoftonline.com/{/tenant}/oauth2/v2.0/token",
			Scopes: []string{
				"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/POP.AccessAsUser.All",
				"https://outlook.office.com/SMTP.Send", "offline_access",
			},
		},
		{
			Name: "netease-163",
			IMAP: Server{Host: "imap.163.com", Port: 993, Security: TLS}, POP3: Server{Host: "pop.163.com", Port: 995, Security: TLS},
			SMTP: Server{Host: "smtp.163.com", Port: 465, Security: TLS}, Passwords: true,
		},
		{
			Name: "netease-126",
			IMAP: Server{Host: "imap.126.com", Port: 993, Security: TLS}, POP3: Server{Host: "pop.126.com", Port: 995, Security: TLS},
			SMTP: Server{Host: "smtp.126.com", Port: 465, Security: TLS}, Passwords: true,
		},
		{
			Name: "qq",
			IMAP: Server{Host: "imap.qq.com", Port: 993, Security: TLS}, POP3: Server{Host: "pop.qq.com", Port: 995, Security: TLS},
			SMTP: Server{Host: "smtp.qq.com", Port: 465, Security: TLS}, Passwords: true,
		},
		{
			Name: "tencent-exmail",
			IMAP: Server{Host: "imap.exmail.qq.com", Port: 993, Security: TLS}, POP3: Server{Host: "pop.exmail.qq.com", Port: 995, Security: TLS},
			SMTP: Server{Host: "smtp.exmail.qq.com", Port: 465, Security: TLS}, Passwords: true,
		},
		{
			Name: "aliyun",
			IMAP: Server{Host: "imap.qiye.aliyun.com", Port: 993, Security: TLS}, POP3: Server{Host: "pop.qiye.aliyun.com", Port: 995, Security: TLS},
			SMTP: Server{Host: "smtp.qiye.aliyun.com", Port: 465, Security: TLS}, Passwords: true,
		},
	}
}

// ProviderOf returns a provider by its name; false when there is none.
func ProviderOf(name string) (Provider, bool) {
	for _, p := range Providers() {
		if p.Name == name {
			return p, true
		}
	}
	return Provider{}, false
}
