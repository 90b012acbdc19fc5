-- The customers nearest to a place within @within_km, nearest first: distance on the ellipsoid of WGS 84, in metres. The form of the condition and the order
-- is the one that the spatial index answers by itself ("Query Spatial Data for Nearest Neighbor").
CREATE PROCEDURE crm.nearest_customers @latitude float(53), @longitude float(53), @within_km float(53), @count int = 20, @client_id varchar(40) = NULL
AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @here geography = geography::Point(@latitude, @longitude, 4326), @metres float(53) = @within_km * 1000;
  SELECT TOP (@count) c.customer_id, c.client_id, c.segment, c.potential, c.city_id, c.location.STDistance(@here) AS metres
    FROM crm.customers AS c
   WHERE c.location.STDistance(@here) <= @metres
     AND (@client_id IS NULL OR c.client_id = @client_id)
   ORDER BY c.location.STDistance(@here)
  OPTION (RECOMPILE);
END;
