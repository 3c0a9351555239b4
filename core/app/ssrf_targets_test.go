package app_test

import (
	"fmt"
	"net/url"
)

// target is an address that no sink may connect to.
type target struct {
	name, address string
	whatever      bool // whatever networks are allowed
	redirect      bool // the allowed server redirects to it
	rebinds       bool // its first answer is allowed, the next are not
	mixed         bool // its name has an allowed address beside the forbidden one
	malformed     bool // may fail before anybody judges it
}

func (x target) times() int {
	if x.rebinds {
		return 3
	}
	return 1
}

func (w *forbidden) targets() []target {
	out := w.literals()
	out = append(out, w.metadata()...)
	out = append(out, w.names()...)
	return append(out, w.redirects()...)
}

// literals are spellings of this machine and of private networks.
func (w *forbidden) literals() []target {
	var out []target
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F.0x0.0x0.0x1", "0x7f.1",
		"017700000001", "0177.0.0.1", "0177.0.0.01", "127.0.0.0x1", "00127.0.0.1", "0", "0.0.0.0", "0.0.0.0.", "1.0x7f000001",
		"localhost", "LOCALHOST", "localhost.", "10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1.254",
		"100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]",
		"[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::1]", "[2002:a00:1::1]", "[2001:0:7f00:1::]", "[2001:0:808:808:0:0:80ff:fffe]",
		"[2a00:1450:4001:81b:0:5efe:7f00:1]", "[fc00::1]", "[fd12:3456:789a::1]", "[fe80::1]", "[fe80::1%25lo]", "[::1%25lo]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
	} {
		out = append(out, target{name: "literal", address: w.at(host)})
	}
	for _, address := range []string{
		"http://user@127.0.0.1:%d/", "http://user:password@127.0.0.1:%d/", "http://example.com@127.0.0.1:%d/", "http://127.0.0.1:%d@example.com/",
		"http://127.0.0.1:%d#@example.com/", "http://127.0.0.1:%d?@example.com/", "https://127.0.0.1:%d/",
	} {
		out = append(out, target{name: "userinfo", address: fmt.Sprintf(address, w.trap)})
	}
	for _, address := range []string{
		"http://127.0.0.1\\@example.com:%d/", "http://example.com:80@@127.0.0.1:%d/", "http://１２７.０.０.１:%d/", "http://127。0。0。1:%d/", "http://①②⑦.⓪.⓪.①:%d/", "http:127.0.0.1:%d/",
		"http:///127.0.0.1:%d/", "//127.0.0.1:%d/", "http://127.0.0.1%%00.example.com:%d/", "http://127.0.0.1%%0d%%0aHost:%d/", "http://%%31%%32%%37.0.0.1:%d/",
	} {
		out = append(out, target{name: "parser", address: fmt.Sprintf(address, w.trap), malformed: true})
	}
	for _, scheme := range []string{"file:///etc/passwd", "gopher://127.0.0.1:%d/_x", "ftp://127.0.0.1:%d/", "ws://127.0.0.1:%d/", "unix:///var/run/docker.sock", "dict://127.0.0.1:%d/", "ldap://127.0.0.1:%d/", "javascript:alert(1)", "data:text/plain,x"} {
		out = append(out, target{name: "scheme", address: fmt.Sprintf(scheme+"#%[1]d", w.trap), malformed: true})
	}
	return out
}

func (w *forbidden) at(host string) string { return fmt.Sprintf("http://%s:%d/", host, w.trap) }

// metadata are the services where clouds tell a machine its secrets. They are
// refused even to whom every network is allowed.
func (w *forbidden) metadata() []target {
	var out []target
	for _, address := range []string{
		"http://169.254.169.254/latest/meta-data/iam/security-credentials/", // AWS, Azure, Google, Huawei, OpenStack, Oracle, DigitalOcean
		"http://169.254.169.254/openstack/latest/meta_data.json",
		"http://169.254.170.2/v2/credentials", "http://169.254.170.23/v1/credentials", // AWS ECS and EKS
		"http://169.254.169.253/", "http://169.254.0.23/latest/meta-data/", // AWS DNS, Tencent
		"http://169.254.42.42/conf", "http://169.254.0.1/", "http://192.0.0.192/latest/meta-data/", // Scaleway, any, Oracle
		"http://100.100.100.200/latest/meta-data/ram/security-credentials/", "http://168.63.129.16/machine?comp=goalstate", // Alibaba, Azure
		"http://[fd00:ec2::254]/latest/meta-data/", "http://[fd00:ec2::23]/v1/credentials", "http://[fd20:ce::254]/computeMetadata/v1/", "http://[fe80::a9fe:a9fe]/",
		"http://[fd00:42::42]/conf", "http://[fd00:c1::a9fe:a9fe]/opc/v2/instance/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/", "http://[::169.254.169.254]/",
		"http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b::6464:64c8]/", "http://[64:ff9b:1::a9fe:a9fe]/", "http://[2002:a9fe:a9fe::1]/", "http://[2001:0:a9fe:a9fe::1]/",
		"http://[2001:0:808:808:0:0:5601:5601]/", "http://[2a00:1450::200:5efe:a9fe:a9fe]/", "http://2852039166/", "http://0xA9FEA9FE/", "http://0251.0376.0251.0376/", "http://169.254.43518/",
		"http://0.0.0.0/", "http://255.255.255.255/", "http://224.0.0.251/", "http://[::]/", "http://[ff02::1]/",
	} {
		out = append(out, target{name: "metadata", address: address, whatever: true})
	}
	for name, to := range map[string]string{
		"metadata.google.internal": "169.254.169.254", "metadata.tencentyun.com": "169.254.0.23", "metadata.aliyun.test": "100.100.100.200",
		"instance-data.ec2.internal": "169.254.169.254", "metadata.azure.internal": "168.63.129.16", "169-254-169-254.nip.test": "169.254.169.254",
		"six.metadata.test": "fd00:ec2::254", "mapped.metadata.test": "::ffff:169.254.169.254",
	} {
		w.dns.set(name, to)
		out = append(out, target{name: "metadata by name", address: "http://" + name + "/", whatever: true})
	}
	return out
}

// names resolve to what is forbidden, at once or later.
func (w *forbidden) names() []target {
	var out []target
	for name, to := range map[string]string{
		"loopback.test": ours, "private.test": "10.0.0.5", "router.test": "192.168.1.1", "shared.test": "100.64.3.4", "zero.test": "0.0.0.0",
		"six.test": "::1", "unique.test": "fd12::1", "mapped.test": "::ffff:127.0.0.1", "nat.test": "64:ff9b::7f00:1", "sixtofour.test": "2002:7f00:1::",
		"127.0.0.1.nip.test": ours, "xn--80ak6aa92e.test": ours,
	} {
		w.dns.set(name, to)
		out = append(out, target{name: "name", address: w.at(name)})
	}
	w.dns.set("localhost", ours)
	w.dns.set("mixed.test", ours, theirs)
	w.dns.set("mixed-other.test", theirs, ours)
	w.dns.turn("rebind.test", theirs, ours)
	w.dns.turn("rebind-six.test", theirs, "::1")
	w.dns.turn("rebind-metadata.test", theirs, "169.254.169.254")
	for _, name := range []string{"mixed.test", "mixed-other.test"} {
		out = append(out, target{name: "both", address: fmt.Sprintf("http://%s:%d/", name, w.shared), mixed: true})
	}
	for _, name := range []string{"rebind.test", "rebind-six.test", "rebind-metadata.test"} {
		out = append(out, target{name: "rebinding", address: fmt.Sprintf("http://%s:%d/", name, w.shared), rebinds: true})
	}
	return out
}

// redirects come from the server that may be reached.
func (w *forbidden) redirects() []target {
	var out []target
	from := func(code int, to string) string {
		return fmt.Sprintf("http://%s:%d/?code=%d&to=%s", theirs, w.shared, code, url.QueryEscape(to))
	}
	w.dns.turn("rebind-redirect.test", theirs, ours)
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{
			w.at("127.0.0.1"), w.at("[::1]"), w.at("loopback.test"), w.at("2130706433"), "http://169.254.169.254/latest/meta-data/",
			fmt.Sprintf("gopher://127.0.0.1:%d/", w.trap), "file:///etc/passwd", fmt.Sprintf("//127.0.0.1:%d/", w.trap),
			fmt.Sprintf("http://user:pass@127.0.0.1:%d/", w.trap), from(code, w.at("127.0.0.1")),
		} {
			out = append(out, target{name: fmt.Sprintf("redirect %d", code), address: from(code, to), redirect: true})
		}
	}
	again := fmt.Sprintf("http://rebind-redirect.test:%d/", w.shared)
	return append(out, target{
		name: "redirect to itself, rebound", redirect: true, rebinds: true,
		address: again + "?code=302&to=" + url.QueryEscape(again+"secret"),
	})
}
