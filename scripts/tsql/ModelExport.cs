using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.SqlServer.Dac.Model;

/// What of a compiled model its callers rely on: names, order and types of parameters and columns.
static class ModelExport
{
    static readonly (string Kind, ModelTypeClass Class)[] Counted =
    {
        ("tables", Table.TypeClass), ("views", View.TypeClass), ("procedures", Procedure.TypeClass),
        ("functions", TableValuedFunction.TypeClass), ("scalar functions", ScalarFunction.TypeClass), ("triggers", DmlTrigger.TypeClass),
        ("table types", TableType.TypeClass), ("indexes", Index.TypeClass), ("primary keys", PrimaryKeyConstraint.TypeClass),
        ("unique constraints", UniqueConstraint.TypeClass), ("foreign keys", ForeignKeyConstraint.TypeClass),
        ("check constraints", CheckConstraint.TypeClass), ("default constraints", DefaultConstraint.TypeClass),
        ("sequences", Sequence.TypeClass), ("synonyms", Synonym.TypeClass), ("schemas", Schema.TypeClass), ("roles", Role.TypeClass),
        ("users", User.TypeClass), ("permissions", Permission.TypeClass), ("certificates", Certificate.TypeClass),
        ("symmetric keys", SymmetricKey.TypeClass), ("partition functions", PartitionFunction.TypeClass),
        ("partition schemes", PartitionScheme.TypeClass),
    };

    public static Dictionary<string, int> Counts(TSqlModel model) => Counted
        .Select(c => (c.Kind, Count: model.GetObjects(DacQueryScopes.UserDefined, c.Class).Count()))
        .Where(c => c.Count > 0).ToDictionary(c => c.Kind, c => c.Count);

    public static object Of(TSqlModel model, IReadOnlyCollection<Source> sources)
    {
        var columns = new ResultColumns(model, sources);
        return new
        {
            tables = All(model, Table.TypeClass).ToDictionary(Name, t => t.GetReferenced(Table.Columns).Select(c => Column(c)).ToList()),
            tableTypes = All(model, TableType.TypeClass).ToDictionary(Name, t => t.GetReferenced(TableType.Columns).Select(TypeColumn).ToList()),
            views = All(model, View.TypeClass).ToDictionary(Name, v => columns.OfView(Name(v))),
            procedures = All(model, Procedure.TypeClass).ToDictionary(Name, p => new
            {
                parameters = p.GetReferenced(Procedure.Parameters).Select(ParameterOf).ToList(),
                resultSets = columns.OfProcedure(Name(p)),
            }),
        };
    }

    public static string Name(TSqlObject o) => string.Join(".", o.Name.Parts);

    static IEnumerable<TSqlObject> All(TSqlModel model, ModelTypeClass kind) =>
        model.GetObjects(DacQueryScopes.UserDefined, kind).OrderBy(Name, StringComparer.Ordinal);

    static object ParameterOf(TSqlObject p) => new
    {
        name = p.Name.Parts.Last(),
        type = Type(p.GetReferenced(Parameter.DataType).FirstOrDefault(), p.GetProperty<int>(Parameter.Length),
            p.GetProperty<int>(Parameter.Precision), p.GetProperty<int>(Parameter.Scale), p.GetProperty<bool>(Parameter.IsMax)),
        readOnly = p.GetProperty<bool>(Parameter.ReadOnly),
        output = p.GetProperty<bool>(Parameter.IsOutput),
    };

    public static object Column(TSqlObject c) => new
    {
        name = c.Name.Parts.Last(),
        type = ColumnType(c),
        nullable = c.GetProperty<bool>(Microsoft.SqlServer.Dac.Model.Column.Nullable),
    };

    /// Null for a computed column.
    public static string? ColumnType(TSqlObject c) => c.GetReferenced(Microsoft.SqlServer.Dac.Model.Column.DataType).FirstOrDefault() is { } type
        ? Type(type, c.GetProperty<int>(Microsoft.SqlServer.Dac.Model.Column.Length), c.GetProperty<int>(Microsoft.SqlServer.Dac.Model.Column.Precision),
            c.GetProperty<int>(Microsoft.SqlServer.Dac.Model.Column.Scale), c.GetProperty<bool>(Microsoft.SqlServer.Dac.Model.Column.IsMax))
        : null;

    static object TypeColumn(TSqlObject c) => new { name = c.Name.Parts.Last(), type = TypeColumnType(c), nullable = c.GetProperty<bool>(TableTypeColumn.Nullable) };

    public static string? TypeColumnType(TSqlObject c) => Type(c.GetReferenced(TableTypeColumn.DataType).FirstOrDefault(),
        c.GetProperty<int>(TableTypeColumn.Length), c.GetProperty<int>(TableTypeColumn.Precision), c.GetProperty<int>(TableTypeColumn.Scale),
        c.GetProperty<bool>(TableTypeColumn.IsMax));

    /// As it is written in T-SQL: decimal(14,2), datetime2(7), nvarchar(max), ads.budget_change.
    static string? Type(TSqlObject? type, int length, int precision, int scale, bool isMax)
    {
        if (type == null) return null;
        var name = Name(type);
        return name switch
        {
            "varchar" or "nvarchar" or "char" or "nchar" or "varbinary" or "binary" => isMax ? $"{name}(max)" : $"{name}({length})",
            "decimal" or "numeric" => $"decimal({precision},{scale})",
            "datetime2" or "time" or "datetimeoffset" => $"{name}({scale})",
            _ => name,
        };
    }
}
