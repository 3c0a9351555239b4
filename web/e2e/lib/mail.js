// Real mail servers beside the server (Dovecot, Postfix), and a customer's mail
// program: plugins/email/mailrig/mailserver.
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'

import { Beside } from './beside.js'

export class Mail extends Beside {
  /** With these accounts, whose password is "secret". */
  static start(...accounts) {
    return super.start('mailserver', './plugins/email/mailrig/mailserver', { args: accounts })
  }

  /** Sends a mail as the world does, and waits until it is taken. */
  async send(from, to, raw) {
    const smtp = await Dialogue.open(this.at.SMTP, (line) => /^\d{3} /.test(line))
    await smtp.expect(220)
    for (const [line, code] of [['EHLO world.test', 250], [`MAIL FROM:<${from}>`, 250], [`RCPT TO:<${to}>`, 250], ['DATA', 354]]) {
      smtp.say(line)
      await smtp.expect(code)
    }
    smtp.say(`${raw.replaceAll('\n', '\r\n').replaceAll('\r\n.', '\r\n..')}\r\n.`)
    await smtp.expect(250)
    smtp.say('QUIT')
    smtp.close()
  }

  /** The mail of an account as its server has it, the oldest first, over POP3. */
  async inbox(account) {
    const pop = await Dialogue.open(this.at.POP3, (line) => /^(\+OK|-ERR)/.test(line))
    await pop.next()
    for (const line of [`USER ${account}`, 'PASS secret', 'STAT']) {
      pop.say(line)
      const answer = await pop.next()
      if (!answer.startsWith('+OK')) throw new Error(`${line}: ${answer}`)
      pop.last = answer
    }
    const mails = []
    const count = Number(pop.last.split(' ')[1])
    for (let n = 1; n <= count; n++) {
      pop.say(`RETR ${n}`)
      await pop.next()
      mails.push(await pop.block())
    }
    pop.say('QUIT')
    pop.close()
    return mails
  }
}

/** A conversation in lines with a server. */
class Dialogue {
  static open(address, whole) {
    const [host, port] = address.split(':')
    const d = new Dialogue()
    d.whole = whole
    d.socket = createConnection({ host, port: Number(port) })
    d.lines = createInterface({ input: d.socket, crlfDelay: Infinity })[Symbol.asyncIterator]()
    return new Promise((done, failed) => {
      d.socket.once('connect', () => done(d))
      d.socket.once('error', failed)
    })
  }

  say(line) {
    this.socket.write(`${line}\r\n`)
  }

  async line() {
    const { value, done } = await this.lines.next()
    if (done) throw new Error('the server hung up')
    return value
  }

  /** The last line of an answer. */
  async next() {
    for (;;) {
      const line = await this.line()
      if (this.whole(line)) return line
    }
  }

  async expect(code) {
    const line = await this.next()
    if (!line.startsWith(String(code))) throw new Error(`the mail server says ${line}`)
  }

  /** Lines up to one that is a dot. */
  async block() {
    const out = []
    for (;;) {
      const line = await this.line()
      if (line === '.') return out.join('\n')
      out.push(line.startsWith('..') ? line.slice(1) : line)
    }
  }

  close() {
    this.socket.end()
  }
}
