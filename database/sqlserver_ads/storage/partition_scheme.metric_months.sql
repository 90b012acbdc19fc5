-- All months on one filegroup: they are told apart for reading and maintenance, not to lie on disks of their own.
CREATE PARTITION SCHEME metric_months AS PARTITION metric_months ALL TO ([PRIMARY]);
