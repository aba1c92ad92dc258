/** On whose behalf a verb runs. Nova: `nova.context.RequestContext`. */
export interface RequestContext {
  readonly user_id?: string | null;
  readonly project_id?: string | null;
  /** A Keystone token. */
  readonly auth_token?: string | null;
  readonly is_admin?: boolean;
  readonly roles?: readonly string[];
  readonly request_id?: string | null;
  readonly global_request_id?: string | null;
  readonly user_name?: string | null;
  readonly project_name?: string | null;
  readonly user_domain?: string | null;
  readonly project_domain?: string | null;
  readonly remote_address?: string | null;
  readonly timestamp?: string;
  readonly service_catalog?: readonly unknown[];
}
