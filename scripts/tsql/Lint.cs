using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.SqlServer.TransactSql.ScriptDom;

/// Our own rules over the parse tree.
static class Lint
{
    /// A file of a database project: one object, named as the file is, and the rules for all T-SQL.
    public static void Object(Source source, List<Finding> findings)
    {
        void say(TSqlFragment at, string rule, string message) => findings.Add(new Finding(source.File, at.StartLine, rule, message));
        Everywhere(source, say);
        OneObject(source, findings);
        foreach (var procedure in ParsedFile.All<ProcedureStatementBody>(source.Parsed.Script)) Procedure(procedure, say);
        foreach (var index in ParsedFile.All<CreateIndexStatement>(source.Parsed.Script)) Explained(index, index.Name.Value, say);
        foreach (var index in ParsedFile.All<CreateColumnStoreIndexStatement>(source.Parsed.Script)) Explained(index, index.Name.Value, say);
        foreach (var index in ParsedFile.All<CreateSpatialIndexStatement>(source.Parsed.Script)) Explained(index, index.Name.Value, say);
        foreach (var index in ParsedFile.All<IndexDefinition>(source.Parsed.Script)) Explained(index, index.Name.Value, say);
    }

    /// A script that somebody runs: the rules for all T-SQL.
    public static void Script(Source source, List<Finding> findings)
    {
        void say(TSqlFragment at, string rule, string message) => findings.Add(new Finding(source.File, at.StartLine, rule, message));
        Everywhere(source, say);
        foreach (var procedure in ParsedFile.All<ProcedureStatementBody>(source.Parsed.Script)) Procedure(procedure, say);
    }

    delegate void Say(TSqlFragment at, string rule, string message);

    static void Everywhere(Source source, Say say)
    {
        var script = source.Parsed.Script;
        foreach (var star in ParsedFile.All<SelectStarExpression>(script)) say(star, "select-star", "name the columns: SELECT * changes its meaning with the table");
        foreach (var hint in ParsedFile.All<TableHint>(script).Where(h => h.HintKind is TableHintKind.NoLock or TableHintKind.ReadUncommitted))
            say(hint, "dirty-read", "NOLOCK reads what may never have happened");
        foreach (var level in ParsedFile.All<SetTransactionIsolationLevelStatement>(script).Where(l => l.Level == IsolationLevel.ReadUncommitted))
            say(level, "dirty-read", "READ UNCOMMITTED reads what may never have happened");
        foreach (var cursor in ParsedFile.All<CursorDefinition>(script)) say(cursor, "cursor", "a set does it in one statement");
        DynamicSql(script, say);
        QualifiedNames(script, say);
    }

    /// Text that is executed must be constant or run by sys.sp_executesql with its values as parameters.
    static void DynamicSql(TSqlScript script, Say say)
    {
        foreach (var list in ParsedFile.All<ExecutableStringList>(script))
            say(list, "dynamic-sql", "EXEC of a text takes no parameters: use sys.sp_executesql");
        foreach (var call in ParsedFile.All<ExecutableProcedureReference>(script))
        {
            var name = call.ProcedureReference?.ProcedureReference?.Name?.BaseIdentifier.Value;
            if (!string.Equals(name, "sp_executesql", StringComparison.OrdinalIgnoreCase)) continue;
            if (call.Parameters.Count < 3) say(call, "dynamic-sql", "sp_executesql needs the parameters' definition and their values");
        }
    }

    static void QualifiedNames(TSqlScript script, Say say)
    {
        foreach (var statement in script.Batches.SelectMany(b => b.Statements))
        {
            var local = new HashSet<string>(ParsedFile.All<CommonTableExpression>(statement).Select(c => c.ExpressionName.Value), StringComparer.OrdinalIgnoreCase);
            local.UnionWith(Targets(statement));
            if (ParsedFile.All<TriggerStatementBody>(statement).Any() || ParsedFile.All<OutputClause>(statement).Any()) local.UnionWith(new[] { "inserted", "deleted" });
            foreach (var table in ParsedFile.All<NamedTableReference>(statement))
            {
                var name = table.SchemaObject;
                if (name.SchemaIdentifier == null && !name.BaseIdentifier.Value.StartsWith("#") && !local.Contains(name.BaseIdentifier.Value))
                    say(table, "qualified-name", $"{name.BaseIdentifier.Value} needs its schema");
            }
            foreach (var call in ParsedFile.All<ExecutableProcedureReference>(statement))
                if (call.ProcedureReference?.ProcedureReference?.Name is { SchemaIdentifier: null } name)
                    say(call, "qualified-name", $"{name.BaseIdentifier.Value} needs its schema");
            foreach (var type in ParsedFile.All<UserDataTypeReference>(statement))
                if (type.Name.SchemaIdentifier == null && !BuiltIn.Contains(type.Name.BaseIdentifier.Value))
                    say(type, "qualified-name", $"type {type.Name.BaseIdentifier.Value} needs its schema");
            if (Defined(statement) is { SchemaIdentifier: null } defined && !defined.BaseIdentifier.Value.StartsWith("#"))
                say(defined, "qualified-name", $"{defined.BaseIdentifier.Value} needs its schema");
        }
    }

    static readonly HashSet<string> BuiltIn = new(StringComparer.OrdinalIgnoreCase) { "geography", "geometry", "hierarchyid", "sysname" };

    /// UPDATE x … FROM table AS x names an alias, not a table.
    static IEnumerable<string> Targets(TSqlFragment statement) =>
        ParsedFile.All<UpdateDeleteSpecificationBase>(statement).Where(s => s.FromClause != null)
            .SelectMany(s => ParsedFile.All<TableReferenceWithAlias>(s.FromClause)).Select(t => t.Alias?.Value).OfType<string>();

    static SchemaObjectName? Defined(TSqlStatement statement) => statement switch
    {
        CreateTableStatement table => table.SchemaObjectName,
        ViewStatementBody view => view.SchemaObjectName,
        ProcedureStatementBody procedure => procedure.ProcedureReference.Name,
        FunctionStatementBody function => function.Name,
        TriggerStatementBody trigger => trigger.Name,
        CreateTypeStatement type => type.Name,
        CreateSequenceStatement sequence => sequence.Name,
        CreateSynonymStatement synonym => synonym.Name,
        _ => null,
    };

    /// The objects that a file makes, as schema.object.
    public static IEnumerable<string> DefinedIn(Source source) => source.Parsed.Script.Batches.SelectMany(b => b.Statements).Select(Defined)
        .OfType<SchemaObjectName>().Select(n => $"{n.SchemaIdentifier?.Value}.{n.BaseIdentifier.Value}");

    /// A file is named after what it makes: schema.object.sql for what lies in a schema, name.sql for all else.
    static void OneObject(Source source, List<Finding> findings)
    {
        var names = DefinedIn(source).ToList();
        if (names.Count > 1) findings.Add(new Finding(source.File, 1, "one-object", $"one object a file, not {string.Join(", ", names)}"));
        if (names.Count == 1 && names[0] != Path.GetFileNameWithoutExtension(source.File))
            findings.Add(new Finding(source.File, 1, "one-object", $"the file of {names[0]} is named {names[0]}.sql"));
    }

    static void Procedure(ProcedureStatementBody procedure, Say say)
    {
        if (procedure.StatementList == null) return;
        var first = procedure.StatementList.Statements.FirstOrDefault();
        if (first is BeginEndBlockStatement block) first = block.StatementList.Statements.FirstOrDefault();
        if (!IsOn(first, SetOptions.NoCount))
            say(procedure, "nocount", "SET NOCOUNT ON comes first: counts of rows are not an answer");
        var writes = Writes(procedure);
        if (writes.Count > 0 && !ParsedFile.All<PredicateSetStatement>(procedure).Any(s => IsOn(s, SetOptions.XactAbort)))
            say(procedure, "xact-abort", "a procedure that writes has SET XACT_ABORT ON: else a failed statement leaves its transaction open");
        if (procedure.Parameters.Any(p => p.Modifier == ParameterModifier.ReadOnly)) Transaction(procedure, writes, say);
    }

    /// Everything a procedure does with the rows it was given is done whole or not at all.
    static void Transaction(ProcedureStatementBody procedure, List<TSqlFragment> writes, Say say)
    {
        var begins = ParsedFile.All<BeginTransactionStatement>(procedure);
        var commits = ParsedFile.All<CommitTransactionStatement>(procedure);
        if (begins.Count == 0 || commits.Count == 0)
        {
            say(procedure, "tvp-transaction", "a procedure that takes rows begins and commits a transaction");
            return;
        }
        foreach (var write in writes.Where(w => w.StartOffset < begins[0].StartOffset || w.StartOffset > commits[commits.Count - 1].StartOffset))
            say(write, "tvp-transaction", "written outside the transaction");
        if (writes.Count == 0) return;
        var caught = ParsedFile.All<TryCatchStatement>(procedure).Any(t =>
            ParsedFile.All<RollbackTransactionStatement>(t.CatchStatements).Any() && ParsedFile.All<ThrowStatement>(t.CatchStatements).Any());
        if (!caught) say(procedure, "tvp-transaction", "CATCH rolls back and throws again");
    }

    /// What changes rows of tables that outlive the procedure.
    static List<TSqlFragment> Writes(TSqlFragment procedure) => ParsedFile.All<DataModificationSpecification>(procedure)
        .Where(w => w.Target is not VariableTableReference && !(w.Target is NamedTableReference { SchemaObject: var name } && name.BaseIdentifier.Value.StartsWith("#")))
        .Cast<TSqlFragment>().ToList();

    static bool IsOn(TSqlStatement? statement, SetOptions option) =>
        statement is PredicateSetStatement set && set.IsOn && (set.Options & option) != 0;

    /// The lines above an index say which query it serves.
    static void Explained(TSqlFragment index, string name, Say say)
    {
        var tokens = index.ScriptTokenStream;
        for (var at = index.FirstTokenIndex - 1; at >= 0; at--)
        {
            if (tokens[at].TokenType is TSqlTokenType.SingleLineComment or TSqlTokenType.MultilineComment) return;
            if (tokens[at].TokenType is not (TSqlTokenType.WhiteSpace or TSqlTokenType.Comma)) break;
        }
        say(index, "index-comment", $"above {name}: the query it serves");
    }
}
