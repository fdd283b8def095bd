import { deployContracts } from '@skein/chain/node';
import { openNode } from '@skein/node';
import { NODE_OPTIONS } from '../alliance/node-options.ts';
import { defineCommand } from '../command.ts';
import { formatFields } from '../format-table.ts';
import { UsageError } from '../usage-error.ts';

export const chainDeploy = defineCommand({
  name: 'chain deploy',
  summary: 'deploy the contracts to any EVM chain and write the address book',
  description: [
    "The node's account pays the gas and governs Staking and Rewards afterwards. Interrupted, the same command goes on; " +
      'done already, it says so.',
  ],
  options: {
    ...NODE_OPTIONS,
    rpc: { kind: 'text', value: 'URL', required: true, help: "The chain's JSON-RPC address" },
    book: { kind: 'text', value: 'FILE', default: 'address-book.json', help: 'Where the address book goes' },
    'chain-id': { kind: 'integer', value: 'N', min: 1, help: 'Refuse any other chain' },
    token: { kind: 'text', value: 'ADDRESS', help: 'An ERC-20 for bonds; by default a development token is deployed' },
  },
  examples: [
    {
      line: 'skein chain deploy --rpc https://rpc.example --chain-id 100 --token 0x…',
      does: 'deploys with a token of that chain',
    },
  ],
  async run(values, { signal }) {
    const { keys } = await openNode(values.directory);
    const token = values.token;
    if (token !== undefined && !/^0x[0-9a-fA-F]{40}$/.test(token)) {
      throw new UsageError('cli/bad-value', `"${token}" is no contract's address.`);
    }
    const book = await deployContracts({
      rpcUrl: values.rpc,
      account: await keys.account(keys.current),
      bookFile: values.book,
      signal,
      ...(values['chain-id'] !== undefined && { chainId: values['chain-id'] }),
      ...(token !== undefined && { token: token as `0x${string}` }),
    });
    const text = formatFields(Object.entries(book).map(([name, value]) => [name, String(value)] as const));
    return { json: { book, file: values.book }, text: `${text}\nThe address book is ${values.book}.` };
  },
});
