/** Identifies a project's repository. Projects do not see each other's blobs, even in repositories of the same name. */
export type RepositoryKey = `${string}/${string}`;

export const repositoryKey = (project_id: string, name: string): RepositoryKey =>
  `${encodeURIComponent(project_id)}/${name}`;

/** The project of a repository, for limits that apply to a project. */
export const projectOf = (key: RepositoryKey): string => key.slice(0, key.indexOf('/'));
