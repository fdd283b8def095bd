import { MAX_CLOCK_SKEW_SECONDS } from '@skein/alliance';
import type { Logger } from 'pino';

/** Tells once where this machine's clock is far from the chain's. @param skewSeconds own minus chain's; null if unknown */
export function tellSkew(skewSeconds: number | null, logger: Logger, told: Set<string>): void {
  if (skewSeconds === null || Math.abs(skewSeconds) <= MAX_CLOCK_SKEW_SECONDS || told.has('skew')) return;
  told.add('skew');
  const way = skewSeconds > 0 ? 'ahead of' : 'behind';
  const seconds = Math.round(Math.abs(skewSeconds));
  logger.warn(
    { code: 'node/clock-skew', skewSeconds: Math.round(skewSeconds) },
    `This machine's clock is ${seconds} s ${way} the chain's. Deadlines are the chain's, so no round is lost; set the clock.`,
  );
}
