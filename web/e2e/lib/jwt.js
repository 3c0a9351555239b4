// Tokens as a company's own server would make them.
import { createHmac, randomUUID } from 'node:crypto'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Signs claims with HS256; `life` in seconds from now, negative for one that has ended. */
export function sign(secret, { aud, sub, life = 300, header = {}, ...more }) {
  const now = Math.floor(Date.now() / 1000)
  const iat = life < 0 ? now + life - 60 : now
  const body = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode({ aud, sub, iat, exp: iat + Math.abs(life), jti: randomUUID(), ...more })}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}
