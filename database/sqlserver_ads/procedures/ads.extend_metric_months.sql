-- Keeps partitions of daily metrics ahead of time, so that a month's first day never falls into the last, open one: splitting an empty one costs nothing.
CREATE PROCEDURE ads.extend_metric_months @months_ahead int = 24
AS
BEGIN
  SET NOCOUNT ON;
  SET XACT_ABORT ON;
  DECLARE @last date = (SELECT MAX(CONVERT(date, v.value))
                          FROM sys.partition_range_values AS v
                          JOIN sys.partition_functions AS f ON f.function_id = v.function_id
                         WHERE f.name = N'metric_months');
  WHILE @last < DATEADD(month, @months_ahead, SYSUTCDATETIME())
  BEGIN
    SET @last = DATEADD(month, 1, @last);
    ALTER PARTITION SCHEME metric_months NEXT USED [PRIMARY];
    ALTER PARTITION FUNCTION metric_months () SPLIT RANGE (@last);
  END;
END;
