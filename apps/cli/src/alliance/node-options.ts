/** Whose account acts. */
export const NODE_OPTIONS = {
  directory: {
    kind: 'text',
    value: 'DIR',
    default: '.skein/nodes/me',
    help: 'The node\'s directory, as "skein init" makes it',
  },
} as const;
