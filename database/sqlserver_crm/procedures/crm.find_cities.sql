-- Cities by a name as a person types it: without regard to capitals and accents, which is what the column's collation does.
CREATE PROCEDURE crm.find_cities @name nvarchar(120)
AS
BEGIN
  SET NOCOUNT ON;
  SELECT c.city_id, c.name, c.region, c.country_code
    FROM crm.cities AS c
   WHERE c.name = @name
   ORDER BY c.population DESC;
END;
