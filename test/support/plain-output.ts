/** What the programs under test print is compared as text: they get no colours, however the tests themselves were started. */
delete process.env['FORCE_COLOR'];
process.env['NO_COLOR'] = '1';
