export { createHub, type Hub, type HubOptions } from './create-hub.ts';
export { createLogger, type Logger } from './logger.ts';
