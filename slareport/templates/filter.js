(d=>{let p=d.querySelector('.filter');if(!p)return;p.hidden=false;
p.oninput=e=>{let q=e.target.value.toLowerCase();
for(let r of d.querySelectorAll('[data-team]'))r.hidden=!r.dataset.team.toLowerCase().includes(q)}})(document)
