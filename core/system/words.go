package system

import (
	"maps"
	"strings"
)

// Locale is a language of the sentences.
type Locale string

// The languages.
const (
	English Locale = "en"
	Chinese Locale = "zh-CN"
)

// Locales lists the languages.
func Locales() []Locale { return []Locale{English, Chinese} }

// words are the sentences of a code: what is, and what to do (empty where
// there is nothing to do). {name} is filled from the finding's facts.
type words struct {
	what, do     string
	whatZH, doZH string
	doc          string // page under docs/, where there is more
}

// Say is a finding in one language.
type Say struct {
	What, Do string
	Doc      string // path under docs/ of the page with more; "" = none
}

// In says a finding in a language.
func (f Finding) In(l Locale) Say {
	w := lexicon()[f.Code]
	out := Say{What: w.what, Do: w.do, Doc: w.doc}
	if l == Chinese {
		out.What, out.Do = w.whatZH, w.doZH
		if out.Doc != "" {
			out.Doc = strings.TrimSuffix(out.Doc, ".md") + ".zh-CN.md"
		}
	}
	var pairs []string
	for name, value := range f.Facts {
		pairs = append(pairs, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(pairs...)
	out.What, out.Do = fill.Replace(out.What), fill.Replace(out.Do)
	return out
}

// Codes lists every code that a finding may have.
func Codes() []string {
	var out []string
	for code := range lexicon() {
		out = append(out, code)
	}
	return out
}

// Title is the name of an area.
func (a Area) Title(l Locale) string {
	en := map[Area]string{
		AreaServer: "Server", AreaDatabase: "Database", AreaDisk: "Disk", AreaBackup: "Backups", AreaAddress: "Public address", AreaSocket: "Live connections",
		AreaClock: "Clock", AreaPlugins: "Plugins", AreaSecrets: "Secrets", AreaLimits: "Memory and files", AreaMail: "Mail", AreaFiles: "Files", AreaSound: "Recordings",
	}
	zh := map[Area]string{
		AreaServer: "服务器", AreaDatabase: "数据库", AreaDisk: "磁盘", AreaBackup: "备份", AreaAddress: "公开地址", AreaSocket: "实时连接",
		AreaClock: "时钟", AreaPlugins: "插件", AreaSecrets: "密钥", AreaLimits: "内存与文件", AreaMail: "邮件", AreaFiles: "文件", AreaSound: "录音",
	}
	if l == Chinese {
		return zh[a]
	}
	return en[a]
}

func lexicon() map[string]words {
	out := make(map[string]words)
	for _, part := range []map[string]words{ofProcess(), ofData(), ofAddress(), ofKeeping(), ofFiles()} {
		maps.Copy(out, part)
	}
	return out
}

const (
	pageDoctor  = "operate/system.md"
	pagePlugins = "operate/plugins.md"
	pageTLS     = "operate/tls.md"
	pageBackup  = "operate/backup.md"
)

func ofProcess() map[string]words {
	return map[string]words{
		"area.ok":      {what: "Well.", whatZH: "正常。"},
		"area.warning": {what: "Works, but needs attention.", do: "Tell whoever runs this installation.", whatZH: "可用，但需要留意。", doZH: "请告知负责此系统的管理员。"},
		"area.problem": {what: "Something does not work.", do: "Tell whoever runs this installation.", whatZH: "有功能无法工作。", doZH: "请告知负责此系统的管理员。"},
		"server.ok":    {what: "Version {version} runs since {since}.", whatZH: "版本 {version}，自 {since} 起运行。"},
		"server.stopped": {
			what: "No server of this installation answers on this machine.", do: "Start it with `patchbay serve`. When it does run, give this command the same settings.",
			whatZH: "本机上没有属于此安装的服务器在应答。", doZH: "用 `patchbay serve` 启动；若它确实在运行，请让本命令使用相同的配置。", doc: pageDoctor,
		},
		"server.other_version": {
			what: "The server runs version {running}, and this program is {this}.", do: "Restart the server to use the new program.",
			whatZH: "服务器运行的是版本 {running}，而本程序是 {this}。", doZH: "请重启服务器以使用新程序。", doc: "operate/install.md",
		},
		"plugins.ok":      {what: "{count} run: {list}.", whatZH: "{count} 个正在运行：{list}。"},
		"plugins.resting": {what: "{count} are installed: {list}. Only a running server knows how they fare.", whatZH: "已安装 {count} 个：{list}。它们的状态只有运行中的服务器知道。"},
		"plugins.none": {
			what: "No plugin is installed, so there is no channel to write by.", do: "Put the folder `plugins` beside the program, or name it with plugins.dev_dir.",
			whatZH: "没有安装任何插件，客户没有渠道可以联系您。", doZH: "把 `plugins` 文件夹放在程序旁边，或用 plugins.dev_dir 指定。", doc: "operate/install.md",
		},
		"plugins.failed": {
			what: "{which} cannot start.", do: "Settings › Plugins says what has to be mended; its log is there too.",
			whatZH: "{which} 无法启动。", doZH: "“设置 › 插件”中说明了需要修复什么，并有其日志。", doc: pageDoctor,
		},
		"plugins.quarantined": {
			what: "{which} crashed too often and was taken out of service.", do: "Read its log under Settings › Plugins, then restart it there.",
			whatZH: "{which} 频繁崩溃，已被停用。", doZH: "请在“设置 › 插件”中查看日志，然后重启它。", doc: pageDoctor,
		},
		"plugins.backoff": {
			what: "{which} crashed and is being started again.", do: "If it goes on, read its log under Settings › Plugins.",
			whatZH: "{which} 崩溃了，正在重新启动。", doZH: "若反复发生，请在“设置 › 插件”中查看日志。", doc: pageDoctor,
		},
		"plugins.rolled_back": {
			what: "{which} failed soon after it was put in place; the version before runs again.", do: "Read its log under Settings › Plugins. When the cause is mended, upgrade with `patchbay plugin upgrade`.",
			whatZH: "{which} 启用后不久即失败，已恢复到之前的版本。", doZH: "请在“设置 › 插件”中查看日志；原因消除后，用 `patchbay plugin upgrade` 重新升级。", doc: pagePlugins,
		},
		"plugins.unconfined": {
			what: "{which} can read what the server can read: this system does not fence its files.", do: "`patchbay plugin status` says why. Mend it, or name the plugins you trust in plugins.trusted; plugins.min_isolation refuses the others.",
			whatZH: "{which} 能读取服务器能读取的一切：此系统没有隔离其文件访问。", doZH: "`patchbay plugin status` 会说明原因。请修复，或把信任的插件写入 plugins.trusted；plugins.min_isolation 可拒绝其余插件。", doc: pagePlugins,
		},
		"limits.ok":      {what: "{files} of {most} files are open; {memory} of {room} memory is used.", whatZH: "已打开 {files}/{most} 个文件；已用内存 {memory}，上限 {room}。"},
		"limits.resting": {what: "A process of this user may open {most} files; {available} of {room} memory is free.", whatZH: "此用户的进程可打开 {most} 个文件；可用内存 {available}，共 {room}。"},
		"limits.files": {
			what: "{files} of {most} files are open: soon no connection can be accepted.", do: "Raise the limit of open files (ulimit -n, LimitNOFILE=) to 65536 and restart.",
			whatZH: "已打开 {files}/{most} 个文件，很快将无法接受新连接。", doZH: "把打开文件数上限（ulimit -n、LimitNOFILE=）提高到 65536 并重启。", doc: pageDoctor,
		},
		"limits.few_files": {
			what: "The process may open {most} files, one for each connection.", do: "Raise the limit (ulimit -n, LimitNOFILE=) to 65536 before many visitors come.",
			whatZH: "进程最多可打开 {most} 个文件，每个连接占用一个。", doZH: "在访客增多之前，把上限（ulimit -n、LimitNOFILE=）提高到 65536。", doc: pageDoctor,
		},
		"limits.memory": {
			what: "{available} of {room} memory is left, and the process uses {memory}.", do: "Give it more memory, or end other programs.",
			whatZH: "内存仅剩 {available}（共 {room}），进程已用 {memory}。", doZH: "请增加内存，或结束其他程序。", doc: pageDoctor,
		},
		"mail.none": {what: "This version sends none, so there is nothing to set up: invitations and password links are handed over by an administrator.", whatZH: "此版本不发送邮件，无需设置：邀请与重置密码链接由管理员转交。"},
	}
}

func ofData() map[string]words {
	return map[string]words{
		"database.ok":        {what: "{name}, schema {schema}, {size}, answers in {took}; its pages are sound.", whatZH: "{name}，结构版本 {schema}，{size}，应答耗时 {took}；数据页完好。"},
		"database.unchecked": {what: "{name}, schema {schema}, {size}, answers in {took}. Its pages were not checked: that takes longer than a look may.", whatZH: "{name}，结构版本 {schema}，{size}，应答耗时 {took}。未检查数据页：所需时间超出一次查看的限度。"},
		"database.unreachable": {
			what: "The database cannot be used: {cause}", do: "Check that it runs, database.url and data_dir, and that this user may read it.",
			whatZH: "数据库不可用：{cause}", doZH: "请检查数据库是否运行、database.url 与 data_dir 是否正确、当前用户是否有权限。", doc: pageDoctor,
		},
		"database.none": {
			what: "There is no database at {path}.", do: "Name the server's folder with --data-dir. For a new installation: the first start makes it.",
			whatZH: "{path} 处没有数据库。", doZH: "用 --data-dir 指定服务器的数据文件夹；若是全新安装，首次启动会创建它。", doc: "operate/install.md",
		},
		"database.damaged": {
			what: "The database is damaged: {cause}", do: "Stop the server, keep a copy of the file, and restore the last backup.",
			whatZH: "数据库已损坏：{cause}", doZH: "停止服务器，保留一份数据库文件，然后恢复最近的备份。", doc: pageBackup,
		},
		"database.newer": {
			what: "The database has schema {schema}, and this program knows {known}.", do: "Start the newer version that used it, or restore the backup made before the upgrade.",
			whatZH: "数据库结构版本为 {schema}，而本程序只认识到 {known}。", doZH: "启动曾使用它的新版本，或恢复升级前的备份。", doc: pageBackup,
		},
		"database.older": {
			what: "The database has schema {schema}; this program brings it to {known} when it starts.", do: "Make a backup, then start the server.",
			whatZH: "数据库结构版本为 {schema}，本程序启动时会升级到 {known}。", doZH: "先备份，再启动服务器。", doc: pageBackup,
		},
		"database.slow": {
			what: "The database took {took} to answer the simplest question.", do: "Look for other load on its machine, or a slow disk.",
			whatZH: "数据库回答最简单的查询用了 {took}。", doZH: "请检查其所在机器的其他负载或磁盘速度。", doc: pageDoctor,
		},
		"database.log": {
			what: "The write-ahead log has grown to {size}.", do: "A long backup or report holds it; it shrinks when that ends. If it does not, restart the server.",
			whatZH: "预写日志已增长到 {size}。", doZH: "通常是较长的备份或报表占用，结束后会缩小；若没有，请重启服务器。", doc: pageBackup,
		},
		"database.loose": {
			what: "{free} of the {size} of the database hold nothing.", do: "New rows use it up. To give it back to the disk, back up and restore into a new folder.",
			whatZH: "数据库 {size} 中有 {free} 是空闲页。", doZH: "新数据会重新使用它们；若要归还磁盘，请备份后恢复到新文件夹。", doc: pageBackup,
		},
		"database.connections": {
			what: "{used} of the {most} connections of PostgreSQL are taken.", do: "Raise max_connections, or end programs that hold connections.",
			whatZH: "PostgreSQL 的 {most} 个连接已用 {used} 个。", doZH: "提高 max_connections，或结束占用连接的程序。", doc: pageDoctor,
		},
		"clock.ok": {what: "The clocks of the server and of the database agree.", whatZH: "服务器与数据库的时钟一致。"},
		"clock.database": {
			what: "The database's clock differs from this machine's by {by}.", do: "Set both clocks, best with an NTP service on each machine.",
			whatZH: "数据库的时钟与本机相差 {by}。", doZH: "请校准两边的时钟，最好都启用 NTP 服务。", doc: pageDoctor,
		},
		"clock.past": {
			what: "The newest event was kept {by} in the future: the clock was set back.", do: "Set the clock. Until it has caught up, reminders and scheduled messages come late.",
			whatZH: "最新事件的时间在未来 {by}：时钟曾被回拨。", doZH: "请校准时钟。在追上之前，提醒和定时消息会延迟。", doc: pageDoctor,
		},
		"disk.ok":        {what: "{free} of {total} are free.", whatZH: "剩余 {free}，共 {total}。"},
		"disk.ok_growth": {what: "{free} of {total} are free; {growth} a day are used up.", whatZH: "剩余 {free}，共 {total}；每天使用约 {growth}。"},
		"disk.unwritable": {
			what: "The data folder {path} cannot be written to: {cause}", do: "Mount it for writing and make it belong to the user of the server.",
			whatZH: "数据文件夹 {path} 无法写入：{cause}", doZH: "请以可写方式挂载，并让它属于运行服务器的用户。", doc: "operate/install.md",
		},
		"disk.none": {
			what: "There is no folder {path}.", do: "Name the server's folder with --data-dir. For a new installation: the first start makes it.",
			whatZH: "文件夹 {path} 不存在。", doZH: "用 --data-dir 指定服务器的数据文件夹；若是全新安装，首次启动会创建它。", doc: "operate/install.md",
		},
		"disk.spent": {
			what: "The disk of {path} is full: nothing more can be written, messages included.", do: "Free some space, or enlarge the disk; the server then goes on by itself.",
			whatZH: "{path} 所在的磁盘已满：包括消息在内，什么都无法写入。", doZH: "请释放空间或扩容磁盘，服务器随后会自行恢复。", doc: "operate/files.md",
		},
		"disk.full": {
			what: "{free} are free, less than the {min} of media.min_free: files are refused so that messages still have room.", do: "Free some space, or enlarge the disk.",
			whatZH: "仅剩 {free}，低于 media.min_free 的 {min}：为保证消息可写，文件已被拒收。", doZH: "请释放空间或扩容磁盘。", doc: "operate/files.md",
		},
		"disk.low": {
			what: "{free} of {total} are free.", do: "Free some space, or enlarge the disk.",
			whatZH: "仅剩 {free}，共 {total}。", doZH: "请释放空间或扩容磁盘。", doc: "operate/files.md",
		},
		"disk.nodes": {
			what: "The disk has room for {left} more files only, whatever their size.", do: "Remove small files of other programs, or make the file system anew with more inodes.",
			whatZH: "磁盘只能再容纳 {left} 个文件，与大小无关。", doZH: "删除其他程序的小文件，或以更多 inode 重建文件系统。", doc: "operate/files.md",
		},
		"disk.growing": {
			what: "{growth} a day are used up: the disk is full in {days} days.", do: "Enlarge the disk, or set a shorter retention.",
			whatZH: "每天使用约 {growth}：{days} 天后磁盘将满。", doZH: "请扩容磁盘，或缩短保留期限。", doc: "operate/retention-and-erasure.md",
		},
	}
}

func ofAddress() map[string]words {
	return map[string]words{
		"address.ok":       {what: "{url} leads here.", whatZH: "{url} 指向这里。"},
		"address.ok_until": {what: "{url} leads here; its certificate is good until {until}.", whatZH: "{url} 指向这里；证书有效期至 {until}。"},
		"address.local":    {what: "{url} is reachable from this machine only.", whatZH: "{url} 仅本机可访问。"},
		"address.skipped":  {what: "{url} was not tried, because the server does not run.", whatZH: "服务器未运行，未检查 {url}。"},
		"address.plain": {
			what: "People use {url} without TLS: passwords and conversations can be read on the way.", do: "Set tls.cert_file or tls.acme, or put a proxy with TLS before it, and set server.public_url to https://.",
			whatZH: "{url} 未使用 TLS：密码和对话可能在途中被读取。", doZH: "请设置 tls.cert_file 或 tls.acme，或在前面放置带 TLS 的代理，并把 server.public_url 设为 https://。", doc: pageTLS,
		},
		"address.unreachable": {
			what: "{url} was not reached from this machine: {cause}", do: "Check the name and the proxy. Some networks do not let a machine reach its own public address: then try it from elsewhere.",
			whatZH: "从本机无法访问 {url}：{cause}", doZH: "请检查域名与代理。有些网络不允许从内部访问自身的公网地址，此时请从别处尝试。", doc: pageTLS,
		},
		"address.other": {
			what: "Something else answers at {url}.", do: "Let the name and the proxy lead to this server, or correct server.public_url.",
			whatZH: "{url} 上应答的不是本系统。", doZH: "请让域名与代理指向本服务器，或更正 server.public_url。", doc: pageTLS,
		},
		"address.untrusted": {
			what: "Browsers do not trust the certificate of {url}: {cause}", do: "Install the whole chain of a certificate for this very name.",
			whatZH: "浏览器不信任 {url} 的证书：{cause}", doZH: "请安装与该域名匹配、链完整的证书。", doc: pageTLS,
		},
		"address.expired": {
			what: "The certificate of {url} expired at {until}.", do: "Renew it; files are read again by themselves.",
			whatZH: "{url} 的证书已于 {until} 过期。", doZH: "请更新证书；文件更换后会自动重新读取。", doc: pageTLS,
		},
		"address.expires": {
			what: "The certificate of {url} is good for {days} more days, until {until}.", do: "Renew it, or find out why it does not renew itself.",
			whatZH: "{url} 的证书还有 {days} 天到期（{until}）。", doZH: "请更新证书，或查明为何没有自动续期。", doc: pageTLS,
		},
		"address.certificate_refused": {
			what: "The certificate cannot be used: {cause}", do: "Mend what is named. Until then the one before stays in use.",
			whatZH: "证书无法使用：{cause}", doZH: "请修复上述问题；在此之前继续使用原来的证书。", doc: pageTLS,
		},
		"socket.ok": {what: "WebSockets pass through {url}.", whatZH: "WebSocket 可以通过 {url}。"},
		"socket.stripped": {
			what: "A WebSocket through {url} arrived without its Upgrade header.", do: "Let the proxy pass the headers Upgrade and Connection on, with HTTP/1.1 to this server.",
			whatZH: "经由 {url} 的 WebSocket 到达时丢失了 Upgrade 请求头。", doZH: "请让代理以 HTTP/1.1 转发 Upgrade 与 Connection 请求头。", doc: pageTLS,
		},
		"socket.origin": {
			what: "A WebSocket through {url} was refused as coming from another site: the server heard the name {heard} instead of {wanted}.", do: "Let the proxy pass the header Host on unchanged, or set server.public_url to the address people use.",
			whatZH: "经由 {url} 的 WebSocket 被视为来自其他网站而拒绝：服务器看到的主机名是 {heard}，而不是 {wanted}。", doZH: "请让代理原样转发 Host 请求头，或把 server.public_url 设为用户使用的地址。", doc: pageTLS,
		},
		"socket.lost": {
			what: "A WebSocket through {url} reached the server, and its answer did not come back: {cause}", do: "Let the proxy pass the answer 101 on, and switch its buffering off for this server.",
			whatZH: "经由 {url} 的 WebSocket 已到达服务器，但应答没有返回：{cause}", doZH: "请让代理转发 101 应答，并关闭其缓冲。", doc: pageTLS,
		},
		"socket.silent": {
			what: "A WebSocket through {url} opened, and nothing came through it.", do: "Switch the proxy's buffering and inspection off for WebSockets.",
			whatZH: "经由 {url} 的 WebSocket 已打开，但收不到任何数据。", doZH: "请关闭代理对 WebSocket 的缓冲与内容检查。", doc: pageTLS,
		},
		"socket.buffered": {
			what: "What the server sends through {url} comes late and all at once: something on the way holds it back.", do: "Switch the proxy's buffering off (nginx: proxy_buffering off).",
			whatZH: "经由 {url} 发送的数据延迟后一次性到达：途中有设备在缓冲。", doZH: "请关闭代理的缓冲（nginx：proxy_buffering off）。", doc: pageTLS,
		},
		"socket.blocked": {
			what: "A WebSocket to {url} did not reach the server: {cause}", do: "Something before it refuses WebSockets: allow them in the proxy, firewall or content filter.",
			whatZH: "到 {url} 的 WebSocket 没有到达服务器：{cause}", doZH: "前面的某个设备拒绝了 WebSocket：请在代理、防火墙或内容过滤中放行。", doc: pageTLS,
		},
	}
}

func ofKeeping() map[string]words {
	return map[string]words{
		"backup.ok":   {what: "The last verified one was made at {at}: {name}.", whatZH: "最近一次经过校验的备份：{at}，{name}。"},
		"backup.soon": {what: "There is none yet; the installation is less than a day old.", whatZH: "尚无备份；系统安装不足一天。"},
		"backup.never": {
			what: "No verified backup is known.", do: "Run `patchbay backup --to FOLDER/ --recipient age1... --keep 14` every night.",
			whatZH: "没有任何经过校验的备份。", doZH: "请每晚运行 `patchbay backup --to 文件夹/ --recipient age1... --keep 14`。", doc: pageBackup,
		},
		"backup.old": {
			what: "The last verified backup is from {at}, {hours} hours ago.", do: "Find out why the nightly one did not run.",
			whatZH: "最近一次经过校验的备份是 {at}，已过 {hours} 小时。", doZH: "请查明每晚的备份为何没有运行。", doc: pageBackup,
		},
		"backup.lost": {
			what: "The last verified backup is from {at}: what came since would be lost with the disk.", do: "Make one now, and mend the schedule.",
			whatZH: "最近一次经过校验的备份是 {at}：此后的数据会随磁盘一起丢失。", doZH: "请立即备份，并修复定时任务。", doc: pageBackup,
		},
		"secrets.ok": {what: "Only the user of the server may read its keys and its database.", whatZH: "只有运行服务器的用户可以读取密钥与数据库。"},
		"secrets.missing": {
			what: "The master key {path} is missing: the secrets in the database cannot be opened.", do: "Bring the file back from your copy or from an encrypted backup. Do not start without it: a new key would not open them.",
			whatZH: "主密钥 {path} 缺失：数据库中的机密无法打开。", doZH: "请从副本或加密备份中取回该文件。不要在缺失时启动：新密钥无法打开它们。", doc: pageBackup,
		},
		"secrets.open": {
			what: "Other users of this machine may read {which}.", do: "Run chmod 600 on each.",
			whatZH: "本机其他用户可以读取 {which}。", doZH: "请对它们执行 chmod 600。", doc: pageDoctor,
		},
		"secrets.folder": {
			what: "Other users of this machine may look into {path}.", do: "Run chmod 700 on it.",
			whatZH: "本机其他用户可以查看 {path}。", doZH: "请执行 chmod 700。", doc: pageDoctor,
		},
	}
}

func ofFiles() map[string]words {
	return map[string]words{
		"files.unscanned": {what: "Files are not scanned for viruses.", whatZH: "未对文件进行病毒扫描。", doc: "operate/files.md"},
		"files.scanned":   {what: "Files are scanned for viruses by {scanner}.", whatZH: "文件由 {scanner} 进行病毒扫描。"},
		"sound.ok":        {what: "AMR recordings are made playable by ffmpeg {version} ({path}).", whatZH: "AMR 录音由 ffmpeg {version}（{path}）转换为可播放的格式。"},
		"sound.none":      {what: "There is no ffmpeg: AMR and SILK recordings are downloaded, not played.", whatZH: "没有 ffmpeg：AMR 与 SILK 录音只能下载，无法播放。", doc: "operate/files.md"},
		"sound.ffmpeg": {
			what: "The program of media.ffmpeg cannot be run: {cause}", do: "Install ffmpeg, or correct media.ffmpeg. Until then AMR and SILK recordings are downloaded, not played.",
			whatZH: "无法运行 media.ffmpeg 指定的程序：{cause}", doZH: "请安装 ffmpeg，或更正 media.ffmpeg。在此之前，AMR 与 SILK 录音只能下载，无法播放。", doc: "operate/files.md",
		},
		"files.scanner": {
			what: "The virus scanner {scanner} does not work: {cause}", do: "Start or install it, or correct media.scan_command. Until then files are kept back, and uploads are refused.",
			whatZH: "病毒扫描程序 {scanner} 无法工作：{cause}", doZH: "请启动或安装它，或更正 media.scan_command。在此之前，文件会被扣留，上传会被拒绝。", doc: "operate/files.md",
		},
	}
}
