/** The user on whose behalf a verb runs. Nova: `nova.context.RequestContext`. */
export interface RequestContext {
  readonly user_id?: string | null;
  readonly project_id?: string | null;
  /** A Keystone token. */
  readonly auth_token?: string | null;
  readonly is_admin?: boolean;
  readonly roles?: readonly string[];
  readonly request_id?: string | null;
  readonly global_request_id?: string | null;
  /** The same as `user_id` and `project_id`, under their older names. */
  readonly user?: string | null;
  readonly project?: string | null;
  readonly user_identity?: string;
  readonly system_scope?: string | null;
  readonly domain?: string | null;
  readonly is_admin_project?: boolean;
  readonly read_only?: boolean;
  readonly show_deleted?: boolean;
  readonly read_deleted?: string;
  readonly resource_uuid?: string | null;
  readonly quota_class?: string | null;
  readonly user_name?: string | null;
  readonly project_name?: string | null;
  readonly user_domain?: string | null;
  readonly project_domain?: string | null;
  readonly remote_address?: string | null;
  readonly timestamp?: string;
  readonly service_catalog?: readonly unknown[];
}
