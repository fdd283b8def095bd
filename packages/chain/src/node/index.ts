import { join } from 'node:path';

export { type DeployOptions, deployContracts, readBook } from './deploy-contracts.ts';
export { type DevelopmentChain, type DevelopmentChainOptions, startDevelopmentChain } from './development-chain.ts';
export { FUNDED_TOKENS, FUNDED_WEI, MAX_FUNDINGS } from './limits.ts';

/** Path of the embedded chain's program, for who supervises it as a process. */
export const chainProcessFile: string = join(import.meta.dirname, 'chain-process.ts');
