using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Web.Script.Serialization;
using Microsoft.SqlServer.Dac.Model;

/// Something that is wrong with a file, or that a reader of it has to know. IsJoint: found where the two databases are compiled as one.
record Finding(string File, int Line, string Rule, string Message, bool IsJoint = false);

/// A file as it is on disk, with the name findings call it by.
record Source(string File, string Text, ParsedFile Parsed);

/// Compiles both databases for SQL Server 2019 and checks our own rules. Reads a plan from standard input:
///   { root, databases: [{ name, files: [...] }], linked: [server or database names of the two], scripts: [files], serverScripts: [files] }
/// and writes { databases: [{ name, counts, model }], scripts: { parsed, resolved }, findings: [{ file, line, rule, message, isJoint }] } to standard
/// output. Files are named from root.
static class Gate
{
    sealed class Plan
    {
        public string Root { get; set; } = "";
        public List<Database> Databases { get; set; } = new();
        public List<string> Linked { get; set; } = new();
        public List<string> Scripts { get; set; } = new();
        public List<string> ServerScripts { get; set; } = new();
    }

    sealed class Database
    {
        public string Name { get; set; } = "";
        public List<string> Files { get; set; } = new();
    }

    static int Main()
    {
        var json = new JavaScriptSerializer { MaxJsonLength = int.MaxValue, RecursionLimit = 100 };
        var plan = json.Deserialize<Plan>(Console.In.ReadToEnd());
        var findings = new List<Finding>();
        Source read(string file)
        {
            var text = File.ReadAllText(Path.Combine(plan.Root, file)).Replace("\r\n", "\n");
            return new Source(file, text, ParsedFile.Parse(file, text, findings));
        }

        var joint = new List<Unit>();
        var databases = new List<object>();
        foreach (var database in plan.Databases)
        {
            var sources = database.Files.Select(read).ToList();
            foreach (var source in sources) Lint.Object(source, findings);
            using (var model = Compilation.Compile(sources.Select(s => new Unit(s, s.Text)), findings))
            {
                databases.Add(new { name = database.Name, counts = ModelExport.Counts(model), model = ModelExport.Of(model, sources) });
            }
            joint.AddRange(sources.Select(s => new Unit(s, LinkedNames.Cut(s, plan.Linked))));
        }

        var scripts = plan.Scripts.Select(read).ToList();
        // What speaks to msdb and master, whose names no model here has, is parsed and no more.
        var serverScripts = plan.ServerScripts.Select(read).ToList();
        foreach (var script in scripts.Concat(serverScripts)) Lint.Script(script, findings);
        var wrapped = scripts.SelectMany(s => ScriptBatches.AsProcedures(s, plan.Linked)).ToList();
        var once = LinkedNames.WithoutRepeats(joint);
        // A second time with the two databases as one, where a linked name is the other's own: now its columns must exist as well.
        var jointly = new List<Finding>();
        using (Compilation.Compile(once.Concat(wrapped), jointly)) { }
        findings.AddRange(jointly.Select(f => f with { IsJoint = true }));

        Console.Out.Write(json.Serialize(new
        {
            databases,
            scripts = new { parsed = scripts.Count + serverScripts.Count, resolved = wrapped.Select(w => w.Source).Distinct().Count() },
            findings = findings.Distinct().OrderBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Line)
                .Select(f => new { file = f.File, line = f.Line, rule = f.Rule, message = f.Message, isJoint = f.IsJoint }),
        }));
        return 0;
    }
}

/// Text for the compiler, and the file it is from.
record Unit(Source Source, string Text);

static class Compilation
{
    /// One SQL Server 2019 model of all units. Everything the compiler says of it, warnings too, becomes a finding with the compiler's number as rule.
    public static TSqlModel Compile(IEnumerable<Unit> units, List<Finding> findings)
    {
        var model = new TSqlModel(SqlServerVersion.Sql150, new TSqlModelOptions
        {
            Collation = "Modern_Spanish_100_CI_AI",
            AllowSnapshotIsolation = true,
            TransactionIsolationReadCommittedSnapshot = true,
            ChangeTrackingEnabled = true,
        });
        // What does not parse is told once, by the parser, and would only be told again here.
        var whole = units.Where(u => u.Source.Parsed.IsWhole).ToList();
        for (var at = 0; at < whole.Count; at++)
        {
            try
            {
                // A name given twice would replace what was added under it.
                model.AddOrUpdateObjects(whole[at].Text, at.ToString(), new TSqlObjectOptions());
            }
            catch (DacModelException e)
            {
                findings.AddRange(e.Messages.Select(m => new Finding(whole[at].Source.File, 1, $"{m.Prefix}{m.Number}", Plain(m.Message))));
            }
        }
        findings.AddRange(model.Validate().Select(m => Located($"{m.Prefix}{m.Number}", Plain(m.Message), model, whole)).OfType<Finding>());
        return model;
    }

    static readonly Regex Element = new(@"^Error validating element (?<name>\[.*?\](\.\[[^\]]*\])*): ");
    static readonly Regex Bracketed = new(@"\[([^\]]*)\]");

    /// The compiler names the object, not the place: the place is where the object's text has the last name of the message, or where it begins.
    /// Null for a message about a view's column, which is told of the view as well.
    static Finding? Located(string rule, string message, TSqlModel model, IReadOnlyList<Unit> units)
    {
        var element = Element.Match(message);
        if (!element.Success) return new Finding("", 0, rule, message);
        var parts = Bracketed.Matches(element.Groups["name"].Value).Cast<Match>().Select(m => m.Groups[1].Value).ToList();
        TSqlObject? find(IEnumerable<string> name) => model.GetObjects(DacQueryScopes.UserDefined).FirstOrDefault(o => o.Name.Parts.SequenceEqual(name));
        if (parts.Count == 3 && find(parts.Take(2))?.ObjectType == View.TypeClass) return null;
        var said = message.Substring(element.Length);
        var source = (find(parts) ?? find(parts.Take(2)))?.GetSourceInformation();
        if (source == null || !int.TryParse(source.SourceName, out var at)) return new Finding("", 0, rule, said);
        var lines = units[at].Text.Split('\n');
        var missing = Bracketed.Matches(said).Cast<Match>().LastOrDefault()?.Groups[1].Value ?? "";
        var word = new Regex($@"(?<!\w){Regex.Escape(missing)}(?!\w)", RegexOptions.IgnoreCase);
        var line = Enumerable.Range(0, lines.Length).Where(l => l + 1 >= source.StartLine && word.IsMatch(lines[l])).Select(l => l + 1).FirstOrDefault();
        return new Finding(units[at].Source.File, line == 0 ? source.StartLine : line, rule, said);
    }

    static string Plain(string message) => message.Replace("\r", "").Replace("\n", " ").Trim();
}
