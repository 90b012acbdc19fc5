using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microsoft.SqlServer.TransactSql.ScriptDom;

/// Names of objects in the other database: server.database.schema.object, or database.schema.object.
static class LinkedNames
{
    /// The text with server and database of linked names blanked out, so that every other position stays what it was.
    public static string Cut(Source source, IReadOnlyCollection<string> linked)
    {
        var text = new StringBuilder(source.Text);
        foreach (var name in ParsedFile.All<SchemaObjectName>(source.Parsed.Script))
        {
            var first = name.ServerIdentifier ?? name.DatabaseIdentifier;
            if (first == null || name.SchemaIdentifier == null || !linked.Contains(first.Value, StringComparer.OrdinalIgnoreCase)) continue;
            for (var at = first.StartOffset; at < name.SchemaIdentifier.StartOffset; at++)
                if (text[at] != '\n') text[at] = ' ';
        }
        return text.ToString();
    }

    /// Both databases have schemas, roles and rights of the same name, and objects such as etl.prepare; one model can hold them once. What is left out here
    /// was compiled whole in the model of its own database.
    public static IEnumerable<Unit> WithoutRepeats(IEnumerable<Unit> files)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        static string source(Unit unit, TSqlFragment part) => unit.Text.Substring(part.StartOffset, part.FragmentLength);
        foreach (var file in files)
        {
            if (Lint.DefinedIn(file.Source).ToList() is { Count: > 0 } names && names.All(n => !seen.Add($"object {n}"))) continue;
            var kept = new StringBuilder(file.Text);
            foreach (var statement in file.Source.Parsed.Script.Batches.SelectMany(b => b.Statements))
            {
                var name = statement switch
                {
                    CreateSchemaStatement s => $"schema {s.Name.Value}",
                    CreateRoleStatement r => $"role {r.Name.Value}",
                    CreateUserStatement u => $"user {u.Name.Value}",
                    GrantStatement g => source(file, g),
                    _ => null,
                };
                if (name == null || seen.Add(name)) continue;
                for (var at = statement.StartOffset; at < statement.StartOffset + statement.FragmentLength; at++)
                    if (kept[at] != '\n') kept[at] = ' ';
            }
            yield return file with { Text = kept.ToString() };
        }
    }
}

/// Scripts that people run, as far as the compiler can be given them: a batch becomes the body of a procedure, so its names are resolved.
static class ScriptBatches
{
    public static IEnumerable<Unit> AsProcedures(Source source, IReadOnlyCollection<string> linked)
    {
        if (!source.Parsed.IsWhole) yield break;
        var text = LinkedNames.Cut(source, linked);
        var number = 0;
        foreach (var batch in source.Parsed.Script.Batches)
        {
            number++;
            if (batch.Statements.All(s => s is UseStatement) || !batch.Statements.All(FitsAProcedure)) continue;
            var body = new StringBuilder(text.Substring(batch.StartOffset, batch.FragmentLength));
            foreach (var use in batch.Statements.OfType<UseStatement>())
                for (var at = 0; at < use.FragmentLength; at++) body[use.StartOffset - batch.StartOffset + at] = ' ';
            // Blank lines before it, so that the compiler counts lines as the file does.
            var name = source.File.Replace("]", "") + " " + number;
            yield return new Unit(source, $"{new string('\n', batch.StartLine - 1)}CREATE PROCEDURE [dbo].[{name}] AS BEGIN {body}\nEND");
        }
    }

    static bool FitsAProcedure(TSqlStatement statement) => statement switch
    {
        UseStatement => true,
        CreateTableStatement t => t.SchemaObjectName.BaseIdentifier.Value.StartsWith("#"),
        DropTableStatement d => d.Objects.All(o => o.BaseIdentifier.Value.StartsWith("#")),
        ProcedureStatementBodyBase or TriggerStatementBody or ViewStatementBody => false,
        _ => !IsDefinition(statement),
    };

    static bool IsDefinition(TSqlStatement statement)
    {
        var kind = statement.GetType().Name;
        return new[] { "Create", "Alter", "Drop", "Grant", "Revoke", "Deny", "Backup", "Restore" }.Any(kind.StartsWith);
    }
}
