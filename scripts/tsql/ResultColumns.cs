using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.SqlServer.Dac.Model;
using Microsoft.SqlServer.TransactSql.ScriptDom;
using TableType = Microsoft.SqlServer.Dac.Model.TableType;

/// The columns that views and procedures give, as far as they can be told without running anything: names always, types where a column is
/// a column of something, a parameter, or converted; null for every other expression.
sealed class ResultColumns
{
    sealed record Known(string Name, string? Type);

    readonly Dictionary<string, List<Known>> tables = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, ViewStatementBody> views = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, ProcedureStatementBody> procedures = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, FunctionStatementBody> functions = new(StringComparer.OrdinalIgnoreCase);

    public ResultColumns(TSqlModel model, IReadOnlyCollection<Source> sources)
    {
        foreach (var table in model.GetObjects(DacQueryScopes.UserDefined, Table.TypeClass))
            tables[ModelExport.Name(table)] = table.GetReferenced(Table.Columns).Select(c => new Known(c.Name.Parts.Last(), ModelExport.ColumnType(c))).ToList();
        foreach (var type in model.GetObjects(DacQueryScopes.UserDefined, TableType.TypeClass))
            tables[ModelExport.Name(type)] = type.GetReferenced(TableType.Columns).Select(c => new Known(c.Name.Parts.Last(), ModelExport.TypeColumnType(c))).ToList();
        foreach (var statement in sources.SelectMany(s => s.Parsed.Script.Batches).SelectMany(b => b.Statements))
        {
            if (statement is ViewStatementBody view) views[Written(view.SchemaObjectName)] = view;
            if (statement is ProcedureStatementBody procedure) procedures[Written(procedure.ProcedureReference.Name)] = procedure;
            if (statement is FunctionStatementBody function) functions[Written(function.Name)] = function;
        }
    }

    public List<object> OfView(string name) => Shown(ViewColumns(views[name]));

    /// One list for each SELECT whose rows go to the caller, in the order of the text; branches of an IF follow one another.
    public List<List<object>> OfProcedure(string name)
    {
        var procedure = procedures[name];
        var variables = new Dictionary<string, DataTypeReference>(StringComparer.OrdinalIgnoreCase);
        foreach (var declared in ParsedFile.All<DeclareVariableElement>(procedure)) variables[declared.VariableName.Value] = declared.DataType;
        var tableVariables = ParsedFile.All<DeclareTableVariableBody>(procedure).Where(b => b.VariableName != null)
            .ToDictionary(b => b.VariableName.Value, b => Defined(b.Definition), StringComparer.OrdinalIgnoreCase);
        foreach (var temporary in ParsedFile.All<CreateTableStatement>(procedure))
            tableVariables[temporary.SchemaObjectName.BaseIdentifier.Value] = Defined(temporary.Definition);
        var ofCursors = new HashSet<SelectStatement>(ParsedFile.All<CursorDefinition>(procedure).Select(c => c.Select));
        var scope = new Scope(variables, tableVariables, new(StringComparer.OrdinalIgnoreCase));
        return ParsedFile.All<SelectStatement>(procedure)
            .Where(s => s.Into == null && !ofCursors.Contains(s) && !First(s.QueryExpression).SelectElements.OfType<SelectSetVariable>().Any())
            .Select(s => Shown(Statement(s.QueryExpression, s.WithCtesAndXmlNamespaces, scope))).ToList();
    }

    sealed record Scope(
        Dictionary<string, DataTypeReference> Variables,
        Dictionary<string, List<Known>> TableVariables,
        Dictionary<string, List<Known>> Ctes);

    static readonly Scope Nothing = new(new(), new(), new(StringComparer.OrdinalIgnoreCase));

    static List<object> Shown(List<Known> columns) => columns.Select(c => (object)new { name = c.Name, type = c.Type }).ToList();

    static string Written(SchemaObjectName name) => $"{name.SchemaIdentifier?.Value}.{name.BaseIdentifier.Value}";

    static List<Known> Defined(TableDefinition definition) =>
        definition.ColumnDefinitions.Select(c => new Known(c.ColumnIdentifier.Value, c.DataType == null ? null : TypeText(c.DataType))).ToList();

    List<Known> ViewColumns(ViewStatementBody view)
    {
        var columns = Statement(view.SelectStatement.QueryExpression, view.SelectStatement.WithCtesAndXmlNamespaces, Nothing);
        return view.Columns.Count == 0 ? columns : view.Columns.Zip(columns, (name, c) => c with { Name = name.Value }).ToList();
    }

    List<Known> Statement(QueryExpression query, WithCtesAndXmlNamespaces? with, Scope scope)
    {
        var inner = scope with { Ctes = new(scope.Ctes, StringComparer.OrdinalIgnoreCase) };
        foreach (var cte in with?.CommonTableExpressions ?? new List<CommonTableExpression>())
        {
            // Of a recursive one the anchor tells: it is known while the rest is read.
            var columns = Query(cte.QueryExpression, inner);
            inner.Ctes[cte.ExpressionName.Value] = cte.Columns.Count == 0 ? columns : cte.Columns.Zip(columns, (n, c) => c with { Name = n.Value }).ToList();
        }
        return Query(query, inner);
    }

    static QuerySpecification First(QueryExpression query) => query switch
    {
        QuerySpecification specification => specification,
        BinaryQueryExpression binary => First(binary.FirstQueryExpression),
        QueryParenthesisExpression parenthesis => First(parenthesis.QueryExpression),
        _ => throw new InvalidOperationException(query.GetType().Name),
    };

    List<Known> Query(QueryExpression query, Scope scope)
    {
        var first = First(query);
        if (first.ForClause != null && first.ForClause is not BrowseForClause) return new() { new Known("", "nvarchar(max)") };
        var from = (first.FromClause?.TableReferences ?? new List<TableReference>()).SelectMany(t => Tables(t, scope)).ToList();
        return first.SelectElements.OfType<SelectScalarExpression>()
            .Select(e => new Known(e.ColumnName?.Value ?? NameOf(e.Expression), TypeOf(e.Expression, from, scope))).ToList();
    }

    IEnumerable<(string Alias, List<Known> Columns)> Tables(TableReference reference, Scope scope) => reference switch
    {
        JoinTableReference join => Tables(join.FirstTableReference, scope).Concat(Tables(join.SecondTableReference, scope)),
        JoinParenthesisTableReference parenthesis => Tables(parenthesis.Join, scope),
        NamedTableReference named => One(named.Alias?.Value ?? named.SchemaObject.BaseIdentifier.Value, Named(named.SchemaObject, scope)),
        VariableTableReference variable => One(variable.Alias?.Value ?? variable.Variable.Name, OfVariable(variable.Variable.Name, scope)),
        QueryDerivedTable derived => One(derived.Alias?.Value ?? "", Renamed(derived.Columns, Query(derived.QueryExpression, scope))),
        SchemaObjectFunctionTableReference function => One(function.Alias?.Value ?? "", Function(Written(function.SchemaObject))),
        _ => Enumerable.Empty<(string, List<Known>)>(),
    };

    static IEnumerable<(string, List<Known>)> One(string alias, List<Known> columns) => new[] { (alias, columns) };

    static List<Known> Renamed(IList<Identifier> names, List<Known> columns) =>
        names.Count == 0 ? columns : names.Zip(columns, (name, c) => c with { Name = name.Value }).ToList();

    List<Known> Named(SchemaObjectName name, Scope scope)
    {
        if (name.SchemaIdentifier == null)
        {
            var bare = name.BaseIdentifier.Value;
            return scope.Ctes.TryGetValue(bare, out var cte) ? cte : scope.TableVariables.TryGetValue(bare, out var temporary) ? temporary : new();
        }
        if (tables.TryGetValue(Written(name), out var columns)) return columns;
        return views.TryGetValue(Written(name), out var view) ? ViewColumns(view) : new();
    }

    List<Known> OfVariable(string name, Scope scope)
    {
        if (scope.TableVariables.TryGetValue(name, out var declared)) return declared;
        return scope.Variables.TryGetValue(name, out var type) && type.Name != null && tables.TryGetValue(Written(type.Name), out var columns) ? columns : new();
    }

    List<Known> Function(string name)
    {
        if (!functions.TryGetValue(name, out var function)) return new();
        var variables = function.Parameters.ToDictionary(p => p.VariableName.Value, p => p.DataType, StringComparer.OrdinalIgnoreCase);
        return function.ReturnType switch
        {
            SelectFunctionReturnType select =>
                Statement(select.SelectStatement.QueryExpression, select.SelectStatement.WithCtesAndXmlNamespaces, Nothing with { Variables = variables }),
            TableValuedFunctionReturnType table => Defined(table.DeclareTableVariableBody.Definition),
            _ => new(),
        };
    }

    static string NameOf(ScalarExpression expression) =>
        expression is ColumnReferenceExpression { MultiPartIdentifier: { } name } ? name.Identifiers.Last().Value : "";

    string? TypeOf(ScalarExpression expression, List<(string Alias, List<Known> Columns)> from, Scope scope)
    {
        switch (expression)
        {
            case CastCall cast: return TypeText(cast.DataType);
            case ConvertCall convert: return TypeText(convert.DataType);
            case ParenthesisExpression parenthesis: return TypeOf(parenthesis.Expression, from, scope);
            case VariableReference variable: return scope.Variables.TryGetValue(variable.Name, out var type) ? TypeText(type) : null;
            case ColumnReferenceExpression { MultiPartIdentifier: { } name }:
                var names = name.Identifiers.Select(i => i.Value).ToList();
                return from.Where(t => names.Count == 1 || string.Equals(t.Alias, names[names.Count - 2], StringComparison.OrdinalIgnoreCase))
                    .SelectMany(t => t.Columns).FirstOrDefault(c => string.Equals(c.Name, names.Last(), StringComparison.OrdinalIgnoreCase))?.Type;
            case FunctionCall { FunctionName.Value: var called } when called.Equals("COUNT_BIG", StringComparison.OrdinalIgnoreCase): return "bigint";
            case FunctionCall { FunctionName.Value: var called } when called.Equals("COUNT", StringComparison.OrdinalIgnoreCase): return "int";
            default: return null;
        }
    }

    static string TypeText(DataTypeReference type)
    {
        if (type is not SqlDataTypeReference sql) return type.Name == null ? "xml" : Written(type.Name).TrimStart('.');
        var name = sql.SqlDataTypeOption.ToString().ToLowerInvariant();
        if (name == "numeric") name = "decimal";
        var parameters = sql.Parameters.Select(p => p.Value.ToLowerInvariant()).ToList();
        if (parameters.Count == 0 && name is "datetime2" or "time" or "datetimeoffset") parameters.Add("7");
        if (name == "decimal" && parameters.Count == 1) parameters.Add("0");
        return parameters.Count == 0 ? name : $"{name}({string.Join(",", parameters)})";
    }
}
