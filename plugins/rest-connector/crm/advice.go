package crm

import (
	"errors"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// sentence is what to check, in the languages we have; {host} stands for the
// far side's name.
type sentence struct{ en, zh string }

func (s sentence) in(locale, host string) string {
	text := s.en
	if language, _, _ := strings.Cut(strings.ToLower(locale), "-"); language == "zh" {
		text = s.zh
	}
	return strings.ReplaceAll(text, "{host}", host)
}

// unsigned and the ones below are what a refused sign-in is told with.
func unsigned() sentence {
	return sentence{
		"{host} asks for a sign-in, and the mapping has none. Add auth to the mapping.",
		"{host} 要求登录，但映射中没有登录方式。请在映射中添加 auth。",
	}
}

func wrongToken() sentence {
	return sentence{
		"{host} does not accept this token. Check that it was copied whole, has not expired and was made in this system.",
		"{host} 不接受此令牌。请检查令牌是否复制完整、是否已过期，以及是否由该系统签发。",
	}
}

func wrongPassword() sentence {
	return sentence{
		"{host} does not accept this user and password. Check both, and that the account may use the interface.",
		"{host} 不接受此用户名和密码。请检查两者是否正确，以及该账号是否有权使用接口。",
	}
}

func forbidden() sentence {
	return sentence{
		"{host} knows the account but does not let it look up customers. Give it the right to read them there.",
		"{host} 认可此账号，但不允许它查询客户。请在对方系统中授予读取客户的权限。",
	}
}

func refused() sentence {
	return sentence{
		"A lookup was refused.",
		"查询被拒绝。",
	}
}

// known is a failure whose cause is known.
type known struct {
	cause error
	what  sentence
}

// causes are failures whose cause is known; the address is to blame, or the
// system behind it.
func causes() []known {
	return []known{
		{far.ErrFault, sentence{
			"{host} has a fault of its own. Try again in a few minutes; if it stays, ask those who run it.",
			"{host} 自身出现故障。请几分钟后重试，若仍失败，请联系该系统的管理员。",
		}},
		{far.ErrUnknownHost, sentence{
			"The name {host} cannot be found. Check its spelling, and that this server can look names up (DNS).",
			"找不到名称 {host}。请检查拼写，并确认本服务器可以解析域名（DNS）。",
		}},
		{far.ErrRefused, sentence{
			"Nothing answers at {host}. Check the port, that the system runs, and that it lets this server in.",
			"{host} 拒绝连接。请检查端口、对方系统是否在运行，以及是否允许本服务器访问。",
		}},
		{far.ErrUntrusted, sentence{
			"The certificate of {host} is not trusted. Check that the address is right, and that the certificate is valid and from an authority that this server trusts.",
			"{host} 的证书不受信任。请检查地址是否正确，证书是否有效，以及是否由本服务器信任的机构签发。",
		}},
	}
}

// addresses are the codes of failures that the address is to blame for, or the
// system behind it.
func addresses() map[string]sentence {
	return map[string]sentence{
		far.CodeNotFound: {
			"There is no such place at {host}. Check the path of the address.",
			"{host} 上没有这个位置。请检查地址中的路径。",
		},
		far.CodeBadAnswer: {
			"{host} does not answer as a system of this kind does. Check the address: it may lead to a page for people, or elsewhere.",
			"{host} 的应答不符合预期。请检查地址，它可能指向网页或已跳转到别处。",
		},
		outbound.CodeNotAllowed: {
			"This server does not connect to the address behind {host}. Use one that is meant to be reached from here.",
			"本服务器不会连接 {host} 背后的地址。请填写可以从此处访问的地址。",
		},
		errs.CodeRateLimited: {
			"{host} asks to wait: there were too many requests. Try again in a few minutes.",
			"{host} 要求等待：请求过多。请几分钟后重试。",
		},
		errs.CodeUnavailable: {
			"{host} did not answer in time. Check the address, and whether a firewall stands in between.",
			"{host} 未及时应答。请检查地址，以及中间是否有防火墙阻断。",
		},
	}
}

// told says what came of a probe and what to check, beside the field that can
// mend it. What the far side said of it stands after.
func told(m *mapping.Mapping, set config, host, locale string, err error) instance.Problem {
	e := errs.As(err)
	pointer, what := blame(m, set, e)
	message := what.in(locale, host)
	if what == refused() || strings.Contains(e.Detail, far.Says) {
		message += " " + e.Detail
	}
	return instance.Problem{Pointer: pointer, Message: message}
}

// blame returns the field that can mend a failure, and what to check there.
func blame(m *mapping.Mapping, set config, e *errs.Error) (string, sentence) {
	account := "/password"
	if set.Token != "" && set.Password == "" {
		account = "/token"
	}
	at, named := addresses()[e.Code]
	if !named {
		at = refused()
	}
	switch {
	case e.Code == errs.CodeAuthExpired && m.Auth.Type == mapping.AuthNone:
		return "/mapping", unsigned()
	case e.Code == errs.CodeAuthExpired && account == "/token":
		return account, wrongToken()
	case e.Code == errs.CodeAuthExpired:
		return account, wrongPassword()
	case e.Code == far.CodeForbidden:
		return account, forbidden()
	case named || e.Source == errs.FarSide:
		for _, one := range causes() {
			if e.Code == errs.CodeUnavailable && errors.Is(e, one.cause) {
				at = one.what
			}
		}
		return "/base_url", at
	case set.Preset == Custom:
		return "/mapping", refused()
	default:
		return "", refused()
	}
}
