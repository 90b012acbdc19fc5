using System.Collections.Generic;
using System.IO;
using Microsoft.SqlServer.TransactSql.ScriptDom;

/// The parse tree of a file; what of it the parser understood, when it is not whole.
sealed class ParsedFile
{
    public TSqlScript Script { get; }
    public bool IsWhole { get; }

    ParsedFile(TSqlScript script, bool isWhole)
    {
        Script = script;
        IsWhole = isWhole;
    }

    public static ParsedFile Parse(string file, string text, List<Finding> findings)
    {
        var tree = new TSql150Parser(initialQuotedIdentifiers: true).Parse(new StringReader(text), out var errors);
        foreach (var error in errors) findings.Add(new Finding(file, error.Line, "syntax", $"{error.Message} ({error.Number})"));
        return new ParsedFile(tree as TSqlScript ?? new TSqlScript(), errors.Count == 0);
    }

    /// All parts of one kind, in the order of the text.
    public static List<T> All<T>(TSqlFragment of) where T : TSqlFragment
    {
        var all = new Collector<T>();
        of.Accept(all);
        return all.Found;
    }

    sealed class Collector<T> : TSqlFragmentVisitor where T : TSqlFragment
    {
        public List<T> Found { get; } = new();

        public override void Visit(TSqlFragment node)
        {
            if (node is T wanted) Found.Add(wanted);
        }
    }
}
