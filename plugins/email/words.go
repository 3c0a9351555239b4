package main

import "strings"

// words are what the plugin says to people by itself.
type words struct {
	serverMissing, passwordMissing, microsoftPassword, certificates, rejected, unreachable, stop string

	encryptedPGP, encryptedSMIME, truncated, lostFile, noText, delayed, refusedSome string
}

// wordsIn returns them in a language: Chinese for "zh" and its kin, else English.
func wordsIn(locale string) words {
	if strings.HasPrefix(strings.ToLower(locale), "zh") {
		return words{ //nolint:gosec // G101: no secrets
			serverMissing:     "请填写主机名和端口，例如 imap.example.com:993。",
			passwordMissing:   "请填写密码或授权码。",
			microsoftPassword: "Microsoft 365 不再接受密码，请用「Microsoft 账号」登录，并清空密码。",
			certificates:      "这里没有 PEM 格式的证书。请连同 BEGIN CERTIFICATE 和 END CERTIFICATE 两行一起粘贴。",
			rejected:          "服务器拒绝了这个用户名和密码。网易、QQ 等邮箱请使用授权码，并在邮箱设置中开启 IMAP/SMTP。",
			unreachable:       "连接失败：", stop: "。",
			encryptedPGP:   "[这封信用 OpenPGP 加密，这里无法显示；原文见附件。]",
			encryptedSMIME: "[这封信用 S/MIME 加密，这里无法显示；原文见附件。]",
			truncated:      "[这封信太大，这里只有开头部分。完整内容请在邮箱中查看。]",
			lostFile:       "[附件 %s 没有保存：%s]",
			noText:         "[这封信没有文字]",
			delayed:        "对方服务器暂时没有收下，我们的服务器还在重试：",
			refusedSome:    "部分收件人被拒绝：",
		}
	}
	return words{
		serverMissing:     "Give the name of the server and its port, for example imap.example.com:993.",
		passwordMissing:   "Give the password, or the one that your provider makes for programs.",
		microsoftPassword: "Microsoft 365 takes no passwords any more. Sign in with the Microsoft account, and leave this empty.",
		certificates:      "There is no certificate in PEM here. Paste it with its lines BEGIN CERTIFICATE and END CERTIFICATE.",
		rejected:          "The server rejects this user name and password. Many providers want a password made for programs, and IMAP and SMTP switched on in the mailbox's settings.",
		unreachable:       "This does not work: ", stop: ".",
		encryptedPGP:   "[This mail is encrypted with OpenPGP and cannot be shown here; it is attached.]",
		encryptedSMIME: "[This mail is encrypted with S/MIME and cannot be shown here; it is attached.]",
		truncated:      "[This mail is too large: only its beginning is here. The mailbox has all of it.]",
		lostFile:       "[The attachment %s was not kept: %s]",
		noText:         "[This mail has no text]",
		delayed:        "The other server has not taken it yet, and ours goes on trying: ",
		refusedSome:    "Some recipients were refused: ",
	}
}
