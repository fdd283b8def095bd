import {
  addressSchema,
  type Address,
  type Message,
  type Signer,
  type SigningDomain,
  signMessage,
  type Unsigned,
} from '@skein/alliance';
import { type Chain, createChain, joinAlliance, stake } from '@skein/chain';
import type { LocalAccount } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

/** An account with a key in memory, on a real chain. */
export interface TestMember {
  readonly address: Address;
  readonly account: LocalAccount;
  readonly chain: Chain;
  sign(message: Omit<Unsigned, 'sender' | 'protocol'>): Promise<Message>;
  /** With the sender's name, but somebody else's signature. */
  forge(message: Omit<Unsigned, 'sender' | 'protocol'>, sender: Address): Promise<Message>;
}

/** Makes an account, and has the development chain give it money. */
export async function createMember({ rpcUrl, book }: Pick<Chain, 'rpcUrl' | 'book'>): Promise<TestMember> {
  const account = privateKeyToAccount(generatePrivateKey());
  const chain = createChain({ rpcUrl, book, account, pollingIntervalMs: 20 });
  await chain.client.request({ method: 'skein_fund', params: [account.address] } as never);
  const address = addressSchema.parse(account.address);
  const domain: SigningDomain = { chainId: book.chainId, contract: addressSchema.parse(book.alliance) };
  const signer = (named: Address): Signer => ({ address: named, sign: (hash) => account.sign({ hash }) });
  const signAs = (message: object, sender: Address): Promise<Message> =>
    signMessage(domain, { protocol: 'skein/1', sender, ...message } as Unsigned, signer(sender));
  return { address, account, chain, sign: (message) => signAs(message, address), forge: signAs };
}

export async function joinWithStake(member: TestMember, alliance: bigint, isAggregator: boolean): Promise<void> {
  await stake(member.chain, { role: 'trainer', amount: 100n });
  if (isAggregator) await stake(member.chain, { role: 'aggregator', amount: 50n });
  await joinAlliance(member.chain, { alliance });
}
