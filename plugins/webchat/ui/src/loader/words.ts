import { isChinese } from "../locale";

const en = {
  region: "Customer chat",
  open: "Open chat",
  close: "Close chat",
  unread: " unread",
  busy: "Connecting…",
  failed: "The chat cannot be reached right now.",
  retry: "Try again",
  dismiss: "Dismiss",
};

const zh: typeof en = {
  region: "在线客服",
  open: "打开在线客服",
  close: "关闭在线客服",
  unread: " 条未读",
  busy: "正在连接…",
  failed: "暂时无法连接客服。",
  retry: "重试",
  dismiss: "忽略",
};

export const wordsFor = (tag: string) => (isChinese(tag) ? zh : en);
