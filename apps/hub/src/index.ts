export { createHub, type Hub, type HubOptions } from './create-hub.ts';
export { openStoredLog, type StoredLog } from './log/stored-log.ts';
export { createLogger, type Logger } from './logger.ts';
