/** Who may use the registry: accounts, and the tokens that clients get for them. May import http and lower rooms. */
export { type RegistryAccounts, type StaticAccount, StaticAccounts } from './accounts.js';
export { Authentication, bearerToken, tokenPath } from './authentication.js';
export { KeystoneAccounts, type KeystoneAccountsOptions } from './keystone-accounts.js';
