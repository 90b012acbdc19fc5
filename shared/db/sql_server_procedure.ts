import type { GivenRow, GivenValue, ReadRow, SqlServerColumn, SqlServerColumns } from './sql_server_types.ts';

/** A table type of the database, for table-valued parameters: its columns in their order. */
export type TableTypeDeclaration = { readonly tableType: string; readonly columns: SqlServerColumns };

export type ParameterDeclaration = SqlServerColumn | TableTypeDeclaration;

/**
 * A stored procedure as its callers know it: parameters by name without @, and each kind of result set it may return, under a name of this
 * declaration's own. Parameters are given and rows are read by it and by nothing else; a test holds it against the compiled database project.
 */
export type ProcedureDeclaration = {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterDeclaration>>;
  readonly results: Readonly<Record<string, SqlServerColumns>>;
  /** Calling it again when the first call's outcome was never heard does no harm: it only reads, or knows what it has done by an id. */
  readonly isRepeatable: boolean;
};

export type GivenParameters<Declared extends ProcedureDeclaration> = {
  readonly [Name in keyof Declared['parameters']]: Declared['parameters'][Name] extends TableTypeDeclaration
    ? readonly GivenRow<Declared['parameters'][Name]['columns']>[]
    : Declared['parameters'][Name] extends SqlServerColumn
      ? GivenValue<Declared['parameters'][Name]>
      : never;
};

/** The result sets of a call. */
export type ProcedureResults<Declared extends ProcedureDeclaration> = {
  /** The rows of the result set at this place (0 is the first), which is of this kind. Throws for another number or kind of columns. */
  rows<Kind extends keyof Declared['results'] & string>(place: number, kind: Kind): ReadRow<Declared['results'][Kind]>[];
};
