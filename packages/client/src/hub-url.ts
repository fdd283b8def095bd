import { BaseError } from '@skein/core';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The base address of a hub, without a slash at its end.
 * @throws BaseError `client/bad-url`; `client/insecure-url` of plain HTTP to another machine, unless that is allowed.
 */
export function parseHubUrl(text: string, allowInsecure: boolean): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.username !== '') {
    throw new BaseError('client/bad-url', `${JSON.stringify(text)} is no address of a hub.`, {
      hints: ['Write it as https://hub.example.org, or http://127.0.0.1:4300 on this machine.'],
    });
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname) && !allowInsecure) {
    throw new BaseError('client/insecure-url', `${url.origin} would be spoken to without encryption.`, {
      hints: ['Use https:// (see docs on running across machines).', 'On a network of your own: allow insecure hubs.'],
    });
  }
  return url.href.replace(/\/+$/, '');
}
