import { BaseError } from '@skein/core';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Lets https through, and http to this machine.
 * @throws BaseError `node/plain-http`
 */
export function assertSafeUrl(url: string, allowPlainHttp: boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || allowPlainHttp || loopback.test(hostname)) return;
  throw new BaseError('node/plain-http', `${url} would be reached without encryption.`, {
    info: { url },
    hints: [
      'Put the service behind TLS and use https.',
      'In a network that you trust, set allowPlainHttp in node.json.',
    ],
  });
}
