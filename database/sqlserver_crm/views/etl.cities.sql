-- The hub's crm.cities.
CREATE VIEW etl.cities
AS
SELECT city_id, name, region, country_code, country, latitude, longitude, population
  FROM crm.cities;
